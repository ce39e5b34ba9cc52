// The parts of Linux that Glibc's module leaves out (epoll, timerfd, signalfd, _GNU_SOURCE), and the few functions that
// must be C: whatever runs between clone and exec, and whatever enters a namespace and leaves it again.
#pragma once
