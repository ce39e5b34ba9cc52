import CLinux
import Glibc

/// A system call that failed: what was attempted, on what, and the kernel's code verbatim.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// What was attempted, in words: "open", "bind a socket".
    package var attempt: String
    /// The object: a path, an interface, a host. May be empty.
    package var subject: String
    package var code: Int32

    package init(_ attempt: String, _ subject: String = "", code: Int32 = errno) {
        self.attempt = attempt
        self.subject = subject
        self.code = code
    }

    package var description: String {
        let object = subject.isEmpty ? "" : " \(subject)"
        return "cannot \(attempt)\(object): \(String(cString: strerror(code)))"
    }
}

/// Every system call goes through here: EINTR is retried, an error is thrown with what was attempted.
package enum System {
    @discardableResult
    package static func call<T: SignedInteger>(
        _ attempt: String, _ subject: @autoclosure () -> String = "", _ body: () -> T
    ) throws(SystemError) -> T {
        while true {
            let result = body()
            if result >= 0 { return result }
            let code = errno
            if code == EINTR { continue }
            // Only our own bug can pass a bad descriptor or address.
            precondition(code != EBADF && code != EFAULT, "cannot \(attempt) \(subject()): our own bug, errno \(code)")
            throw SystemError(attempt, subject(), code: code)
        }
    }

    /// Like `call`, but would-block is a value: nil.
    package static func attempt<T: SignedInteger>(
        _ attempt: String, _ subject: @autoclosure () -> String = "", _ body: () -> T
    ) throws(SystemError) -> T? {
        do {
            return try call(attempt, subject(), body)
        } catch {
            if error.code == EAGAIN || error.code == EWOULDBLOCK { return nil }
            throw error
        }
    }
}
