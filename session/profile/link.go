package profile

import "strings"

// fragmentKey begins the fragment of a link that carries a profile.
const fragmentKey = "profile="

// Fragment returns what stands behind the "#" of a link that carries a profile: the
// key "profile=" and the profile on one line in base64url without padding (RFC 4648).
// Browsers do not send a fragment to any server. Names of pins, and when the profile
// was made, stay at home: a link is to be short.
func Fragment(p Profile) string {
	p.Pins, p.Made = nil, Made{}
	return fragmentKey + encode(AppendLine(nil, p))
}

// IsFragment tells whether the fragment of an address, with or without its "#", says
// that it carries a profile.
func IsFragment(fragment string) bool {
	return strings.HasPrefix(strings.TrimPrefix(fragment, "#"), fragmentKey)
}

// ParseFragment reads the profile of a link from its fragment, with or without the
// "#". The error is an *Error.
func ParseFragment(fragment string) (Profile, []Warning, error) {
	if len(fragment) > MaxFragment {
		return Profile{}, nil, &Error{Rule: RuleSize}
	}
	if !IsFragment(fragment) {
		return Profile{}, nil, &Error{Rule: RuleLink}
	}
	_, text, _ := strings.Cut(fragment, fragmentKey)
	data, ok := decode(text)
	if !ok {
		return Profile{}, nil, &Error{Rule: RuleLink}
	}
	return Parse(data)
}
