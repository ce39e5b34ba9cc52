/// The first line of a recording: what was played, so that it can be judged from this file alone.
package struct Header: Equatable, Sendable {
    /// Version of the recording format.
    package static let format = 2
    /// The oldest that this program reads. Format 1 has no `records`, and none of the events and fields that came
    /// with format 2.
    package static let oldestFormat = 1

    /// What some recordings hold and others do not: who judges must know whether nothing happened, or nobody looked.
    package enum Record: String, CaseIterable, Sendable {
        /// `tls`, `connection` and `owner`: in every recording since format 2.
        case connections
        /// `data` and `keep-alive` of `wire`: where an expectation of the scenario needs them.
        case payload
        /// `process` and `sockets` after each connection that a client's host has opened: as `payload`.
        case resources
    }

    /// A file of the scenario as it was when the run began; `path` is relative to the scenario's folder.
    package struct Source: Equatable, Sendable {
        package var path: String
        package var text: String
        package init(path: String, text: String) {
            self.path = path
            self.text = text
        }
    }

    package var scenario: String
    package var seed: UInt64
    /// `virtual` or `host`.
    package var lab: String
    /// Which kernel ran the lab, as uname(2) names its release.
    package var kernel: String
    /// Stated uncertainty of kernel-made stamps, nanoseconds.
    package var uncertainty: Int64
    /// In the order of their cases.
    package var records: [Record]
    /// The scenario's own file first, then those it names.
    package var sources: [Source]

    package init(
        scenario: String, seed: UInt64, lab: String, kernel: String, uncertainty: Int64, records: [Record] = [],
        sources: [Source]
    ) {
        self.scenario = scenario
        self.seed = seed
        self.lab = lab
        self.kernel = kernel
        self.uncertainty = uncertainty
        self.records = records
        self.sources = sources
    }
}

/// A recording in memory: what judges and reports work from.
package struct Recording: Sendable {
    package var header: Header
    /// In time order.
    package var events: [Event]
    /// Why the file could not be read to its end (a crash cut it off); nil when it ends with an `end` event.
    package var damage: String?

    package init(header: Header, events: [Event], damage: String? = nil) {
        self.header = header
        self.events = events
        self.damage = damage
    }

    package var end: End? {
        if case .end(let end) = events.last?.body { end } else { nil }
    }
}
