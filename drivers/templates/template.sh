#!/bin/bash
# A driver in the shell, for a client that is a command: each line that it prints is a message. Put your command where
# `follow` has its own. Without a stamp, an event has the time at which Halfopen reads it.
set -u

follow() { exec cat <"/dev/tcp/$1/$2"; }

say() { printf '{"event":"%s"%s}\n' "$1" "${2:-}"; }

say hello ',"library":"my-client","version":"0.1","commands":[]'
failures=0
while true; do
    say attempt
    # Its output is read through a pipe.
    exec 3< <(follow "$1" "$2" 2>/dev/null)
    command=$!
    patience=5
    # `read` ends with a number over 128 when nothing came in time.
    while read -r -t $patience line <&3; status=$?; [[ $status -eq 0 ]]; do
        patience=15
        if [[ $line == ok ]]; then
            say connected
        else
            say received ",\"stream\":\"ticks\",\"seq\":$line"
            failures=0
        fi
    done
    [[ $status -gt 128 ]] && say error ",\"text\":\"nothing for $patience s\"" || say error ',"text":"it ended"'
    kill $command 2>/dev/null
    exec 3<&-
    # Exponential backoff with full jitter.
    longest=$((1 << (failures < 3 ? failures : 3)))
    sleep "$((RANDOM % longest)).$((RANDOM % 10))"
    failures=$((failures + 1))
done
