// Gorilla's WebSocket client. It has no reconnect of its own; the loop is ours, around the reading loop that its
// documentation shows: gorilla-websocket -to HOST -settings SETTINGS
//
// defaults: DefaultDialer and ReadMessage, no deadline; a new try after a second.
// recommended: pings and a read deadline that each pong moves, as its example "chat" has them (a pong within 60 s, a
// ping after nine tenths of it); a new try after a random time of up to 5 s, then twice that up to a minute (RFC 6455,
// 7.2.3).
// https://pkg.go.dev/github.com/gorilla/websocket#hdr-Control_Messages
// https://github.com/gorilla/websocket/blob/v1.5.0/examples/chat/client.go
package main

import (
	"flag"
	"math/rand"
	"os"
	"strconv"
	"time"

	"halfopen"

	"github.com/gorilla/websocket"
)

const pongWithin = 60 * time.Second

func main() {
	to := flag.String("to", "localhost", "the server")
	settings := flag.String("settings", "defaults", "defaults or recommended")
	seed := flag.Int64("seed", int64(os.Getpid()), "of random waits")
	flag.Parse()
	rand.Seed(*seed)

	halfopen.Hello("gorilla/websocket", "1.5.0")
	longest := 5 * time.Second
	for {
		halfopen.Say("attempt")
		connection, _, problem := websocket.DefaultDialer.Dial("ws://"+*to+"/", nil)
		if problem == nil {
			halfopen.Say("connected")
			longest = 5 * time.Second
			if *settings == "recommended" {
				go keepAlive(connection)
			}
			problem = listen(connection)
			connection.Close()
		}
		halfopen.Say("error", "text", problem)
		if *settings == "recommended" {
			time.Sleep(time.Duration(rand.Int63n(int64(longest))))
		} else {
			time.Sleep(time.Second)
		}
		if longest *= 2; longest > time.Minute {
			longest = time.Minute
		}
	}
}

func listen(connection *websocket.Conn) error {
	for {
		_, message, problem := connection.ReadMessage()
		if problem != nil {
			return problem
		}
		number, problem := strconv.Atoi(string(message))
		if problem != nil {
			return problem
		}
		halfopen.Say("received", "stream", "ticks", "seq", number)
	}
}

// keepAlive pings until the connection ends; without pongs, reading fails at its deadline.
func keepAlive(connection *websocket.Conn) {
	connection.SetReadDeadline(time.Now().Add(pongWithin))
	connection.SetPongHandler(func(string) error {
		return connection.SetReadDeadline(time.Now().Add(pongWithin))
	})
	for {
		time.Sleep(pongWithin * 9 / 10)
		if connection.WriteControl(websocket.PingMessage, nil, time.Now().Add(10*time.Second)) != nil {
			return
		}
	}
}
