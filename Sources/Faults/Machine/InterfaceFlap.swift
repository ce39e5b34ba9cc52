import Kernel
import Labs
import Scenarios

/// A network interface that goes off and on.
package struct InterfaceFlap: Fault {
    package static let definition = FaultDefinition(
        name: "interface-flap",
        summary: "A host's own interface goes down and comes up again, over and over, as with a bad adapter.",
        wire: """
            While it is down the host has no route by it: its own connects fail at once with ENETUNREACH, what \
            established connections send is not sent and retransmitted later, and what comes is lost; the far end of \
            the link loses its carrier. Connections stay ESTABLISHED, on both sides. Each time that it is up, \
            addresses, routes and neighbours are there as a network manager restores them, all at once.
            """,
        heals: "The interface is up with all that stood before. TCP's next retransmission makes good what was lost.",
        hit: """
            One for each established TCP connection of the host that was bound to the interface's address when it went \
            down, each time.
            """,
        mechanism: """
            The host's device is set down and up over rtnetlink; the kernel drops its routes and neighbours with it, \
            and they are added again. It begins with down.
            """,
        target: .host, extent: .interval,
        parameters: [
            HostLinks.parameter,
            Parameter(
                "down", .duration(.milliseconds(1) ... .seconds(86_400)), required: true,
                "How long it is down each time."),
            Parameter(
                "up", .duration(.milliseconds(1) ... .seconds(86_400)), required: true,
                "How long it is up between two times."),
        ],
        example: "- { at: 5m, until: 6m, fault: interface-flap, on: phone, link: phone-home, down: 2s, up: 8s }",
        misfit: { plan, lab, _ in HostLinks.misfit(plan, lab) })

    private let plan: FaultPlan
    private let down: Duration
    private let up: Duration

    package init(plan: FaultPlan) {
        self.plan = plan
        down = plan.duration("down") ?? .seconds(1)
        up = plan.duration("up") ?? .seconds(1)
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let active = Active(self, on: HostLinks.interface(plan, in: field), field: field)
        try active.goDown()
        return active
    }

    private final class Active: ActiveFault {
        private let fault: InterfaceFlap
        private let interface: LabHost.Interface
        private let id: String
        private let field: any FaultField
        private var timer: EventLoop.Token?
        private var count: Int64 = 0

        init(_ fault: InterfaceFlap, on interface: LabHost.Interface, field: any FaultField) {
            self.fault = fault
            self.interface = interface
            self.field = field
            id = "fault\(fault.plan.index)"
        }

        func goDown() throws(FaultError) {
            try InterfaceFlap.attempt {
                let host = fault.plan.host
                let struck = try HostLinks.connections(of: host, from: interface.address, in: field)
                try field.lab.network.lay(id, .down(host: host, link: interface.link))
                count += Int64(struck.count)
            }
            timer = field.after(fault.down) { [unowned self] in try goUp() }
        }

        private func goUp() throws(FaultError) {
            try InterfaceFlap.attempt { try field.lab.network.remove(id) }
            timer = field.after(fault.up) { [unowned self] in try goDown() }
        }

        func hits() -> Int64 { count }

        func heal() throws(FaultError) {
            guard let timer else { return }
            field.cancel(timer)
            self.timer = nil
            try InterfaceFlap.attempt { try field.lab.network.remove(id) }
        }
    }
}
