/// What the application of a reference client does all by itself: it asks and publishes at a steady rate, whether there
/// is a connection or not.
package struct Workload: Equatable, Sendable {
    package struct Settings: Equatable, Sendable {
        /// Between two requests of a class; no requests of the others.
        package var requestEvery: [Priority: Duration] = [:]
        /// Between two messages that it publishes; none when nil.
        package var publishEvery: Duration?
        /// Of these messages.
        package var stream = "orders"
        package var publishClass = Priority.critical
        package init() {}
    }

    enum Job: Equatable {
        case request(Priority)
        case publish
    }

    private let settings: Settings
    private var due: [(at: Moment, every: Duration, job: Job)] = []

    init(_ settings: Settings) { self.settings = settings }

    package static func == (a: Workload, b: Workload) -> Bool {
        a.settings == b.settings && a.deadline == b.deadline
    }

    var deadline: Moment? { due.map(\.at).min() }

    mutating func start(at now: Moment) {
        due = Priority.allCases.compactMap { priority in
            settings.requestEvery[priority].map { (now + $0, $0, .request(priority)) }
        }
        if let every = settings.publishEvery { due.append((now + every, every, .publish)) }
    }

    mutating func stop() { due = [] }

    /// What is to be done now; what fell due while the process stood still is done once.
    mutating func take(at now: Moment) -> [Job] {
        var jobs: [Job] = []
        for index in due.indices where due[index].at <= now {
            jobs.append(due[index].job)
            let (at, every) = (due[index].at, due[index].every)
            due[index].at = at + every * ((now - at).nanoseconds / every.nanoseconds + 1)
        }
        return jobs
    }
}
