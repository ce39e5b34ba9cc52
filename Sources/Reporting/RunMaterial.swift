import Judging

/// Everything that a report of one run may be made from.
package struct RunMaterial: Sendable {
    /// What of a run's folder is read only for a format that needs it.
    package enum Part: Sendable { case logs, captures }

    package var result: RunResult
    package var view: RunView
    package var logs: [ActorLog] = []
    package var captures: [Capture] = []

    package init(result: RunResult, view: RunView) {
        self.result = result
        self.view = view
    }

    /// What a process wrote that was no event.
    package struct ActorLog: Sendable {
        /// Of the file, without its extension: an instance's name.
        package var name: String
        /// Its beginning and its end; what stood between is counted.
        package var head: [UInt8]
        package var tail: [UInt8]
        /// Bytes between the two that were not read.
        package var omitted: Int64

        package init(name: String, head: [UInt8], tail: [UInt8] = [], omitted: Int64 = 0) {
            self.name = name
            self.head = head
            self.tail = tail
            self.omitted = omitted
        }
    }

    /// The packets of a link, a file of pcap's classic format.
    package struct Capture: Sendable {
        package var link: String
        package var bytes: [UInt8]

        package init(link: String, bytes: [UInt8]) {
            self.link = link
            self.bytes = bytes
        }
    }
}
