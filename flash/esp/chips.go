package esp

// Chip is what is to know about a kind of chip.
type Chip struct{ ID, Title string }
