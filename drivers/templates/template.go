// A driver in Go. Put your library where the socket is; keep what is said to Halfopen.
package main

import (
	"bufio"
	"errors"
	"math/rand"
	"net"
	"os"
	"strconv"
	"time"

	"halfopen"
)

// follow is the client under test: one connection, until it fails.
func follow(address string, worked func()) error {
	connection, problem := net.DialTimeout("tcp", address, 5*time.Second)
	if problem != nil {
		return problem
	}
	defer connection.Close()
	lines := bufio.NewScanner(connection)
	for {
		connection.SetReadDeadline(time.Now().Add(15 * time.Second))
		if !lines.Scan() {
			if lines.Err() == nil {
				return errors.New("the server hung up")
			}
			return lines.Err()
		}
		if lines.Text() == "ok" {
			halfopen.Say("connected")
			continue
		}
		number, problem := strconv.Atoi(lines.Text())
		if problem != nil {
			return problem
		}
		halfopen.Say("received", "stream", "ticks", "seq", number)
		worked()
	}
}

func main() {
	// Randomness comes from the lab's kernel, which answers from the run's seed.
	rand.Seed(seed())
	halfopen.Hello("my-client", "0.1")
	for failures := 0; ; failures++ {
		halfopen.Say("attempt")
		problem := follow(net.JoinHostPort(os.Args[1], os.Args[2]), func() { failures = 0 })
		halfopen.Say("error", "text", problem)
		// Exponential backoff with full jitter.
		longest := time.Second << uint(min(failures, 3))
		time.Sleep(time.Duration(rand.Int63n(int64(longest))))
	}
}

func seed() int64 {
	bytes := make([]byte, 7)
	file, problem := os.Open("/dev/urandom")
	if problem == nil {
		defer file.Close()
		_, problem = file.Read(bytes)
	}
	if problem != nil {
		panic(problem)
	}
	number := int64(0)
	for _, byte := range bytes {
		number = number<<8 | int64(byte)
	}
	return number
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}
