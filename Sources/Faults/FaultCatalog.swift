import Scenarios

/// Every fault there is. A new one is registered here, and nowhere else.
package enum FaultCatalog {
    package static var all: [any Fault.Type] {
        [
            Delay.self, Jitter.self, Loss.self, BurstLoss.self, FourStateLoss.self, Duplication.self, Corruption.self,
            Reordering.self, Rate.self, Stall.self, Flapping.self, MTU.self, MTUBlackHole.self,
            Schedule.self, Trace.self,
            Blackhole.self, Refuse.self, Reject.self, LinkDown.self, Partition.self,
            NATIdleTimeout.self, NATForget.self, NATRebind.self,
            NATTableFull.self, NATPortExhaustion.self,
            ConnectionLifetime.self, FirewallCutoff.self, CaptivePortal.self, StallingProxy.self,
            HangUp.self, HalfClose.self, Reset.self, CutAfterBytes.self, CutAfterMessage.self, Segments.self,
            HalfOpen.self, ZeroWindow.self, HandshakeStall.self, Storm.self,
            Kill.self, Freeze.self,
            NameFailure.self, NameDelay.self, NameWrongAddress.self, NameChange.self, NameTruncated.self,
            NameIPv6BlackHole.self,
            CertificateFault.self, TLSHandshakeStall.self, TLSPlainText.self, TLSOldProtocol.self,
        ]
    }

    package static var definitions: [FaultDefinition] { all.map { $0.definition } }

    /// The fault that a checked plan asks for.
    package static func make(_ plan: FaultPlan) -> any Fault {
        guard let kind = all.first(where: { $0.definition.name == plan.kind }) else {
            preconditionFailure("the checker let an unknown fault through: \(plan.kind) at \(plan.position)")
        }
        return kind.init(plan: plan)
    }
}
