package ncp

import "ncpweb/ncp/rpc"

// ServeNCP makes an rpc.Handler of what answers for an NCP. It decodes arguments,
// refuses malformed ones with rpc.StatusArgsRead and methods that an NCP does not have
// with rpc.StatusUnknownUID, and encodes results.
//
// The kind of a message follows the interface description: a oneway method that comes
// as an INVOKE, or another one that comes as a ONEWAY, is not passed on and not
// answered. Bytes after a method that has neither arguments nor out-arguments are
// ignored, as deployed receivers do. Binary arguments are valid until the handler
// returns. An error of the handler goes to the peer as said at rpc.Handler.
func ServeNCP(h NCPHandler) rpc.Handler { return ncpServer{h} }

// ServeMCU makes an rpc.Handler of what answers for a Primary MCU, as ServeNCP does
// for an NCP.
func ServeMCU(h MCUHandler) rpc.Handler { return mcuServer{h} }

type ncpServer struct{ h NCPHandler }

type mcuServer struct{ h MCUHandler }

// request returns the error of arguments that were too short or too long.
func (r *reader) request() error {
	if !r.complete() {
		return rpc.StatusArgsRead
	}
	return nil
}

// refuse returns the error of a message that no method of its kind takes.
func refuse(s Side, uid uint16) error {
	if Hosts(s, uid) {
		return rpc.ErrNoReply
	}
	return rpc.StatusUnknownUID
}
