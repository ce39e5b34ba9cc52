// lib/pq's Listener (LISTEN and NOTIFY), which reconnects and listens again by itself:
// lib-pq -to HOST -settings SETTINGS
//
// defaults: NewListener with waits from 10 s to a minute, as its example has it.
// recommended: the example's other half, a Ping when nothing came for so long (90 s there, 30 s here), and a limit for
// connecting.
// https://pkg.go.dev/github.com/lib/pq#hdr-Notifications
// https://pkg.go.dev/github.com/lib/pq/example/listen
package main

import (
	"flag"
	"strconv"
	"time"

	"halfopen"

	"github.com/lib/pq"
)

func main() {
	to := flag.String("to", "localhost", "the server")
	settings := flag.String("settings", "defaults", "defaults or recommended")
	flag.Parse()

	halfopen.Hello("lib/pq", "1.10.7")
	how := "host=" + *to + " user=nobody dbname=template1 sslmode=disable"
	silence := time.Duration(1<<63 - 1)
	if *settings == "recommended" {
		how += " connect_timeout=10"
		silence = 30 * time.Second
	}
	listener := pq.NewListener(how, 10*time.Second, time.Minute, func(event pq.ListenerEventType, problem error) {
		switch event {
		case pq.ListenerEventConnectionAttemptFailed, pq.ListenerEventDisconnected:
			halfopen.Say("error", "text", problem)
		case pq.ListenerEventReconnected:
			halfopen.Say("connected")
		}
	})
	if problem := listener.Listen("ticks"); problem != nil {
		panic(problem)
	}
	halfopen.Say("connected")
	for {
		select {
		case notice := <-listener.Notify:
			// Nil after a reconnect: something may have been lost.
			if notice != nil {
				number, problem := strconv.Atoi(notice.Extra)
				if problem != nil {
					panic(problem)
				}
				halfopen.Say("received", "stream", notice.Channel, "seq", number)
			}
		case <-time.After(silence):
			go listener.Ping()
		}
	}
}
