// nats.go, which reconnects and subscribes again by itself: nats-go -to HOST -settings SETTINGS [-ca FILE]
//
// defaults: Connect(url). It gives up for good after 60 attempts, 2 s apart with 100 ms of jitter; pings every two
// minutes.
// recommended: it never gives up, tries again also when the first attempt fails, pings every 20 s, and reconnects with
// more jitter.
// https://docs.nats.io/using-nats/developer/connecting/reconnect
// https://docs.nats.io/using-nats/developer/connecting/pingpong
// https://pkg.go.dev/github.com/nats-io/nats.go#ReconnectJitter
package main

import (
	"flag"
	"strconv"
	"time"

	"halfopen"

	"github.com/nats-io/nats.go"
)

func main() {
	to := flag.String("to", "localhost", "the server")
	settings := flag.String("settings", "defaults", "defaults or recommended")
	authority := flag.String("ca", "", "the authority that vouches for the server; with it, TLS is spoken")
	flag.Parse()

	halfopen.Hello("nats.go", nats.Version)
	options := []nats.Option{
		nats.DisconnectErrHandler(func(_ *nats.Conn, problem error) {
			halfopen.Say("error", "text", "disconnected: "+text(problem))
		}),
		nats.ReconnectHandler(func(*nats.Conn) { halfopen.Say("connected") }),
		nats.ClosedHandler(func(*nats.Conn) { halfopen.Say("state", "state", "closed") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, problem error) {
			halfopen.Say("error", "text", problem)
		}),
	}
	if *settings == "recommended" {
		options = append(options, nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
			nats.PingInterval(20*time.Second), nats.ReconnectJitter(time.Second, time.Second))
	}
	scheme := "nats"
	if *authority != "" {
		scheme = "tls"
		options = append(options, nats.RootCAs(*authority))
	}
	connection, problem := nats.Connect(scheme+"://"+*to+":4222", options...)
	check(problem)
	_, problem = connection.Subscribe("ticks", func(message *nats.Msg) {
		number, problem := strconv.Atoi(string(message.Data))
		check(problem)
		halfopen.Say("received", "stream", message.Subject, "seq", number)
	})
	check(problem)
	check(connection.Flush())
	halfopen.Say("connected")
	select {}
}

func text(problem error) string {
	if problem == nil {
		return "no error"
	}
	return problem.Error()
}

func check(problem error) {
	if problem != nil {
		panic(problem)
	}
}
