/// How much a request or a message matters. Under contention the critical ones go first, and bulk waits.
package enum Priority: String, CaseIterable, Comparable, Sendable {
    case critical
    case bulk

    package static func < (a: Priority, b: Priority) -> Bool { a == .critical && b == .bulk }
}
