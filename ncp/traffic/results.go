package traffic

import "ncpweb/ncp"

// Results returns the results of a call field by field, as Fields does for a frame: the
// places are those in rets.
func Results(m *ncp.Method, rets []byte) []Field {
	fields, at := values(nil, m.Out, rets, 0)
	if m.Returns != ncp.TypeNone {
		fields, at = values(fields, []ncp.Param{m.Result}, rets, at)
	}
	return rest(fields, rets, at, leftover(secretOut(m)))
}
