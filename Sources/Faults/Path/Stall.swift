import Labs
import Scenarios

/// Nothing comes through for a while, and then all of it at once.
package struct Stall: Fault {
    package static let definition = FaultDefinition(
        name: "stall",
        summary: "A link holds every packet, and delivers all of them when it heals.",
        wire: """
            Packets wait in the link, as when a radio link is scanning or a hypervisor migrates a machine. Nothing is \
            lost and nothing is overtaken; both ends hear nothing meanwhile, retransmit, and may give up. With a \
            direction only packets from that host wait.
            """,
        heals: """
            What waited leaves at once, in its order, at the link's own rate where it has one. Retransmissions made \
            meanwhile arrive with it, as duplicates.
            """,
        hit: "One for each packet that entered the link while it stood still.",
        mechanism: """
            netem's slots: the next moment at which packets may leave the wire's queue is put out of reach, and back. \
            What has left that queue and waits for the link's rate still leaves. A plug queue (sch_plug) beside the \
            others wakes them at the heal. The queue holds a million packets.
            """,
        target: .link, extent: .interval,
        example: "- { at: 5m, until: 6m, fault: stall, between: [phone, home], direction: both }")

    private let target: (name: String, from: String?)
    private let id: String

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try LinkOverlay(Self.self, id: id, on: field.link(target.name), from: target.from) {
            $0.isStalled = true
        } count: {
            $0.entered
        }
    }
}
