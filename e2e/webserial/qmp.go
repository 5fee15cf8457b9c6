//go:build webserial

package webserial

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"time"
)

// qmp speaks to the guest's monitor, which plugs the adapter in and out.
type qmp struct {
	conn net.Conn
	in   *bufio.Scanner
}

func dialQMP(socket string) (*qmp, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	q := &qmp{conn: conn, in: bufio.NewScanner(conn)}
	if !q.in.Scan() { // the greeting
		return nil, fmt.Errorf("monitor: no greeting: %v", q.in.Err())
	}
	return q, q.do("qmp_capabilities", nil)
}

// do sends one command and waits for its answer. Events in between are skipped.
func (q *qmp) do(command string, arguments map[string]any) error {
	request := map[string]any{"execute": command}
	if arguments != nil {
		request["arguments"] = arguments
	}
	if err := q.conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	if err := json.NewEncoder(q.conn).Encode(request); err != nil {
		return err
	}
	for q.in.Scan() {
		var answer struct {
			Return json.RawMessage `json:"return"`
			Error  *struct{ Desc string }
		}
		if err := json.Unmarshal(q.in.Bytes(), &answer); err != nil {
			return fmt.Errorf("monitor: %w", err)
		}
		if answer.Error != nil {
			return fmt.Errorf("monitor: %s: %s", command, answer.Error.Desc)
		}
		if answer.Return != nil {
			return nil
		}
	}
	return fmt.Errorf("monitor: %s: no answer: %v", command, q.in.Err())
}

func (q *qmp) unplug() error { return q.do("device_del", map[string]any{"id": "ftdi"}) }

func (q *qmp) plug() error {
	return q.do("device_add", map[string]any{
		"driver": "usb-serial", "id": "ftdi", "bus": "usb.0", "chardev": "ser", "always-plugged": true,
	})
}

func (q *qmp) Close() error { return q.conn.Close() }
