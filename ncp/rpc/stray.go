package rpc

import "time"

const (
	// strayPause is after what silence a frame that holds a log instead of a message is
	// taken for what it is. Deployed senders write a frame in one go; the longest gap in
	// one is that of an adapter or of a busy peer, far below this.
	strayPause = 200 * time.Millisecond
	// strayLook is how much of a frame is looked at while it arrives.
	strayLook = 64
)

// strays tells whether an open frame looks like a log behind a stray BEG (line noise
// makes one): it begins with text, and not like a message. Otherwise the log would only
// be seen at the next BEG or END.
func strays(content []byte) bool {
	if len(content) >= 2 {
		switch Op(content[0]) | Op(content[1])<<8 {
		case OpInvoke, OpResult, OpOneway:
			return false
		}
	}
	return isText(content[:min(len(content), strayLook)])
}

func (e *Endpoint) strayTime() time.Duration { return strayPause + e.wire(1) }

// endStray hands a stray frame over as a broken one, unless more of it has come.
func (e *Endpoint) endStray(r *run) {
	e.decMu.Lock()
	defer e.decMu.Unlock()
	select {
	case <-r.done:
		return
	default:
	}
	content, ok := e.dec.Open()
	if !ok || !strays(content) || !isText(content) || time.Since(e.strayAt) < e.strayTime() {
		return
	}
	e.dec.Flush()
	e.note()
}
