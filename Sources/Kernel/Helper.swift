import Glibc

/// A piece of work on a thread of its own, for programs that can use a second processor. Not for the engine: nothing of
/// it may run beside its loop.
package final class Helper<Result: Sendable> {
    private let work: Work
    private var thread = pthread_t()

    // Unchecked, because `result` is written by the thread and read when that has ended: never by both at once.
    private final class Work: AnyWork, @unchecked Sendable {
        let body: @Sendable () -> Result
        var result: Result?

        init(_ body: @escaping @Sendable () -> Result) { self.body = body }

        override func perform() { result = body() }
    }

    /// Begins at once.
    package init(_ body: @escaping @Sendable () -> Result) throws(SystemError) {
        work = Work(body)
        // C takes a pointer; the thread owns what it points to.
        let context = Unmanaged.passRetained(work as AnyWork)
        let code = pthread_create(&thread, nil, { performWork($0) }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw SystemError("start a thread", code: code)
        }
    }

    /// Lets it end by itself, or with the process. Instead of `result`.
    package func leave() { pthread_detach(thread) }

    /// Waits for its end. To be called once.
    package func result() -> Result {
        pthread_join(thread, nil)
        guard let result = work.result else { preconditionFailure("a thread ended before its work") }
        return result
    }
}

/// What a thread is given: C knows no type parameters.
private class AnyWork {
    func perform() {}
}

private func performWork(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    // Given away by `Helper.init`.
    Unmanaged<AnyWork>.fromOpaque(context).takeRetainedValue().perform()
    return nil
}
