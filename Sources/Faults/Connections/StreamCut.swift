import Netlink

/// Cuts one TCP connection: after so many bytes, or after a certain message. Facts in (a segment that wants to pass),
/// decisions out; whoever holds the packets carries them out.
struct StreamCut {
    enum Ending: String, CaseIterable { case fin, rst, silence }

    enum Trigger: Equatable {
        /// So many new bytes have passed, 1 or more.
        case bytes(Int64)
        /// The so-and-so-many-th segment with new data (that contains these bytes; none for any) has passed.
        case message(Int64, containing: [UInt8])
    }

    /// Who sends what is counted, and who receives it.
    enum Side {
        case sender, receiver
        var other: Side { self == .sender ? .receiver : .sender }
    }

    struct Decision: Equatable {
        var passes: Bool
        /// To be sent behind it, in this order, as though that side had sent it.
        var injected: [Injection] = []

        static let pass = Decision(passes: true)
        static let drop = Decision(passes: false)
    }

    struct Injection: Equatable {
        var segment: TCPSegment
        var from: Side

        init(_ segment: TCPSegment, from side: Side) {
            self.segment = segment
            from = side
        }

        /// What may have changed on the way (window, options) does not matter.
        fileprivate func isSame(_ other: TCPSegment, _ side: Side) -> Bool {
            side == from && segment.sequence == other.sequence && segment.flags == other.flags
                && segment.acknowledgement == other.acknowledgement && segment.payload.count == other.payload.count
        }
    }

    private struct Stream {
        /// The sequence number behind all that has passed.
        var end: UInt32?
        /// The latest segment of this side, without its data.
        var latest: TCPSegment?
    }

    private let trigger: Trigger
    private let ending: Ending
    /// The receiver's stream is cut instead, so that the message is not even acknowledged.
    private let beforeAcknowledgement: Bool
    /// Bytes or messages still to pass.
    private var left: Int64
    private var hasCounted = false
    private var sender = Stream()
    private var receiver = Stream()
    /// Injected ones pass here themselves.
    private var expected: [Injection] = []
    private(set) var isCut = false
    /// The sequence number behind the stream that was cut, its FIN included.
    private var cutEnd: UInt32 = 0
    /// Of the sender's stream, without a FIN: where it ends.
    private var cutPoint: UInt32 = 0
    /// What lies before the cut may have been lost further on, and is sent again until it has arrived.
    private var isDelivered = false

    init(_ trigger: Trigger, ending: Ending, beforeAcknowledgement: Bool = false) {
        self.trigger = trigger
        self.ending = ending
        self.beforeAcknowledgement = beforeAcknowledgement
        switch trigger {
        case .bytes(let count): left = count
        case .message(let count, containing: _): left = count
        }
    }

    /// Whose stream ends.
    private var cutSide: Side { beforeAcknowledgement ? .receiver : .sender }

    mutating func saw(_ segment: TCPSegment, from side: Side) -> Decision {
        if let place = expected.firstIndex(where: { $0.isSame(segment, side) }) {
            expected.remove(at: place)
            return .pass
        }
        let decision = isCut ? answered(segment, from: side) : counted(segment, from: side)
        // One that was lost on its way here is not waited for for ever.
        expected = (expected + decision.injected).suffix(16)
        return decision
    }

    // MARK: Until the cut

    private mutating func counted(_ segment: TCPSegment, from side: Side) -> Decision {
        switch side {
        case .receiver:
            note(segment, in: &receiver)
            // What is acknowledged and was never seen had passed before.
            if segment.flags.contains(.ack), !hasCounted, sender.end.map(segment.acknowledgement.isAfter) ?? true {
                sender.end = segment.acknowledgement
            }
            return .pass
        case .sender:
            let decision = countedNew(segment)
            if decision != nil { return decision! }
            note(segment, in: &sender)
            return .pass
        }
    }

    private func note(_ segment: TCPSegment, in stream: inout Stream) {
        // A keep-alive stands one before the end; it must not begin a stream.
        let begins = !segment.payload.isEmpty || segment.flags.contains(.syn)
        if stream.end.map(segment.end.isAfter) ?? begins { stream.end = segment.end }
        stream.latest = segment
        stream.latest?.payload = []
    }

    /// Nil when this is not the moment.
    private mutating func countedNew(_ segment: TCPSegment) -> Decision? {
        let payload = segment.payload
        if payload.isEmpty { return nil }
        let from = sender.end ?? segment.sequence
        let end = segment.sequence &+ UInt32(payload.count)
        guard end.isAfter(from) else { return nil }
        hasCounted = true
        switch trigger {
        case .bytes:
            let new = Int64(end &- from)
            if new < left {
                left -= new
                return nil
            }
            let cut = from &+ UInt32(truncatingIfNeeded: left)
            // Those before it are still to come: the cut is not reached, and this must not pass.
            guard cut.isAfter(segment.sequence) else { return .drop }
            return self.cut(segment, passing: Int(cut &- segment.sequence))
        case .message(_, let text):
            guard payload.contains(text) else { return nil }
            left -= 1
            return left == 0 ? cut(segment, passing: payload.count) : nil
        }
    }

    // MARK: The cut

    private mutating func cut(_ segment: TCPSegment, passing length: Int) -> Decision {
        isCut = true
        cutPoint = segment.sequence &+ UInt32(length)
        guard beforeAcknowledgement else {
            // Whoever reads must get it all, and by and by will have: only silence does not care.
            isDelivered = ending == .silence
            cutEnd = ending == .fin ? cutPoint &+ 1 : cutPoint
            return upToTheCut(segment)
        }
        isDelivered = true
        note(segment, in: &sender)
        switch ending {
        case .silence: return .pass
        case .rst:
            return Decision(passes: true, injected: [reset(.receiver, after: segment), reset(.sender, after: segment)])
        case .fin: return Decision(passes: true, injected: [farewell(after: segment), reset(.sender, after: segment)])
        }
    }

    /// Of a segment that begins before the cut, what may pass, and how it ends there.
    private mutating func upToTheCut(_ segment: TCPSegment) -> Decision {
        let length = min(segment.payload.count, Int(cutPoint &- segment.sequence))
        var last = segment
        last.payload = Array(segment.payload.prefix(length))
        let isWhole = length == segment.payload.count
        if !isWhole { last.flags.remove(.fin) }
        let reaches = last.sequence &+ UInt32(length) == cutPoint
        if reaches && ending == .fin { last.flags.formUnion([.fin, .psh]) }
        var decision = last == segment ? .pass : Decision(passes: false, injected: [Injection(last, from: .sender)])
        if reaches && ending == .rst { decision.injected.append(reset(.sender, after: last)) }
        return decision
    }

    /// Where the receiver's own stream stands when the sender has said this.
    private func receiverEnd(_ segment: TCPSegment) -> UInt32 {
        guard let end = receiver.end, end.isAfter(segment.acknowledgement) else { return segment.acknowledgement }
        return end
    }

    /// What the receiver had acknowledged before the message came.
    private func acknowledged(before last: TCPSegment) -> UInt32 {
        receiver.latest?.acknowledgement ?? last.sequence
    }

    /// RST from this side, right behind what it has sent.
    private func reset(_ side: Side, after last: TCPSegment) -> Injection {
        let (here, there) = (last.end, receiverEnd(last))
        switch side {
        case .sender:
            return Injection(
                TCPSegment(
                    from: last.source, to: last.destination, sequence: here, acknowledgement: there,
                    flags: [.rst, .ack]), from: .sender)
        case .receiver:
            return Injection(
                TCPSegment(
                    from: last.destination, to: last.source, sequence: there,
                    acknowledgement: beforeAcknowledgement ? acknowledged(before: last) : here,
                    flags: [.rst, .ack]), from: .receiver)
        }
    }

    /// The receiver's FIN, which does not acknowledge the message.
    private mutating func farewell(after last: TCPSegment) -> Injection {
        let model = receiver.latest
        let fin = TCPSegment(
            from: last.destination, to: last.source, sequence: receiverEnd(last),
            acknowledgement: acknowledged(before: last), flags: [.fin, .ack],
            window: model?.window ?? last.window, options: model?.options ?? [])
        cutEnd = fin.end
        return Injection(fin, from: .receiver)
    }

    // MARK: After the cut

    /// What came before the cut is delivered; then both ends meet what they would meet if the other's socket were gone.
    private mutating func answered(_ segment: TCPSegment, from side: Side) -> Decision {
        if ending == .silence { return beforeAcknowledgement && side == .sender ? .pass : .drop }
        if isDelivered { return gone(segment, from: side) }
        switch side {
        case .sender:
            let isBefore = !segment.payload.isEmpty && cutPoint.isAfter(segment.sequence)
            return isBefore ? upToTheCut(segment) : .drop
        case .receiver:
            note(segment, in: &receiver)
            // Its host has no such socket any more: that tells the sender as well.
            if segment.flags.contains(.rst) {
                isDelivered = true
                return .pass
            }
            // Acknowledgements of less make the sender send the rest again.
            if cutPoint.isAfter(segment.acknowledgement) { return .pass }
            isDelivered = true
            var decision = gone(segment, from: side)
            let told = TCPSegment(
                from: segment.source, to: segment.destination, sequence: receiver.end ?? segment.sequence,
                acknowledgement: cutPoint, flags: [.rst, .ack])
            decision.injected.append(Injection(told, from: .receiver))
            return decision
        }
    }

    private func gone(_ segment: TCPSegment, from side: Side) -> Decision {
        if segment.flags.contains(.rst) { return .drop }
        // Whoever got the FIN may acknowledge it and say goodbye in turn.
        if ending == .fin && side != cutSide && segment.payload.isEmpty {
            guard segment.flags.contains(.fin) else { return .drop }
            let acknowledgement = TCPSegment(
                from: segment.destination, to: segment.source, sequence: cutEnd, acknowledgement: segment.end,
                flags: .ack, window: segment.window, options: [])
            return Decision(passes: false, injected: [Injection(acknowledgement, from: cutSide)])
        }
        // As a closed port does (RFC 9293 3.10.7.1).
        let hasNumber = segment.flags.contains(.ack)
        let reset = TCPSegment(
            from: segment.destination, to: segment.source, sequence: hasNumber ? segment.acknowledgement : 0,
            acknowledgement: hasNumber ? 0 : segment.end, flags: hasNumber ? .rst : [.rst, .ack])
        return Decision(passes: false, injected: [Injection(reset, from: side.other)])
    }
}

extension [UInt8] {
    /// These bytes stand somewhere in it; an empty text stands everywhere.
    func contains(_ text: [UInt8]) -> Bool {
        if text.isEmpty { return true }
        guard count >= text.count else { return false }
        return (0...(count - text.count)).contains { self[$0..<($0 + text.count)].elementsEqual(text) }
    }
}
