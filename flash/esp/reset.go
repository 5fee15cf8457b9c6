package esp

// Reset is how a chip is brought into its loader.
type Reset struct{}
