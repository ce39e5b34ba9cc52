// Publishes a numbered message to "ticks" every so often, with nats.go: nats_publisher HOST SECONDS
// Not under test: it sits beside the server, and tries for ever to come back to it.
package main

import (
	"os"
	"strconv"
	"time"

	"halfopen"

	"github.com/nats-io/nats.go"
)

func main() {
	halfopen.Hello("nats.go", nats.Version)
	every, problem := strconv.ParseFloat(os.Args[2], 64)
	if problem != nil {
		panic(problem)
	}
	server, problem := nats.Connect("nats://"+os.Args[1]+":4222", nats.MaxReconnects(-1), nats.ReconnectWait(time.Second))
	if problem != nil {
		panic(problem)
	}
	due := time.Now().Add(time.Second)
	for sequence := 1; ; sequence++ {
		time.Sleep(time.Until(due))
		halfopen.Say("sent", "stream", "ticks", "seq", sequence)
		if problem := server.Publish("ticks", []byte(strconv.Itoa(sequence))); problem != nil {
			halfopen.Say("error", "text", problem)
		}
		due = due.Add(time.Duration(every * float64(time.Second)))
	}
}
