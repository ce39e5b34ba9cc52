// Package halfopen speaks Halfopen's driver protocol (docs/driver-protocol.md):
//
//	halfopen.Hello("my-client", "1.2.0")
//	halfopen.Say("attempt")
//	halfopen.Say("connected")
//	halfopen.Say("received", "stream", "prices", "seq", 17)
//	halfopen.Say("error", "text", "connection lost")
//
// Every event is stamped with CLOCK_MONOTONIC as the function is called, and written at once in one piece (up to the
// 4096 bytes that a pipe takes whole), so goroutines may call it as they like.
package halfopen

import (
	"encoding/json"
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

// Hello is the first event: the client library under test, its version, and the commands this driver knows.
func Hello(library, version string, commands ...string) {
	if commands == nil {
		commands = []string{}
	}
	Say("hello", "library", library, "version", version, "commands", commands)
}

// Say is any event of the protocol; its fields follow as name and value.
func Say(event string, fields ...interface{}) {
	var now syscall.Timespec
	const clockMonotonic = 1
	// Go's own monotonic clock cannot be read as a number.
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	line := append([]byte(`{"event":`), text(event)...)
	line = strconv.AppendInt(append(line, `,"t":`...), now.Nano(), 10)
	for index := 0; index+1 < len(fields); index += 2 {
		line = append(append(line, ','), text(fields[index])...)
		line = append(append(line, ':'), text(fields[index+1])...)
	}
	os.Stdout.Write(append(line, "}\n"...))
}

func text(value interface{}) []byte {
	if problem, isError := value.(error); isError {
		value = problem.Error()
	}
	data, problem := json.Marshal(value)
	if problem != nil {
		panic(problem)
	}
	return data
}
