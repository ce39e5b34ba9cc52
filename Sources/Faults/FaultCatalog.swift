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
            HalfOpen.self, ZeroWindow.self, HandshakeStall.self,
            AcceptQueueOverflow.self, Storm.self,
            Kill.self, Restart.self, RollingRestart.self, SlowStart.self, SignalFault.self, Reconfigure.self,
            Freeze.self, Unresponsive.self, SlowAnswers.self, HangUpAfter.self,
            FailOver.self, RejectAuthentication.self, Overload.self, Drain.self,
            NameFailure.self, NameDelay.self, NameWrongAddress.self, NameChange.self, NameTruncated.self,
            NameIPv6BlackHole.self,
            CertificateFault.self, TLSHandshakeStall.self, TLSPlainText.self, TLSOldProtocol.self,
            Suspend.self, InterfaceFlap.self, AddressChange.self, Handover.self, ClockStep.self, ClockSlew.self,
            DescriptorLimit.self, MemoryLimit.self, NoEphemeralPorts.self,
        ]
    }

    package static var definitions: [FaultDefinition] { all.map { $0.definition } }

    /// The fault that a checked plan asks for.
    package static func make(_ plan: FaultPlan) -> any Fault { kind(of: plan).init(plan: plan) }

    /// The struck actor's own program makes it.
    package static func isMadeByActor(_ plan: FaultPlan) -> Bool { kind(of: plan).definition.isMadeByActor }

    private static func kind(of plan: FaultPlan) -> any Fault.Type {
        guard let kind = all.first(where: { $0.definition.name == plan.kind }) else {
            preconditionFailure("the checker let an unknown fault through: \(plan.kind) at \(plan.position)")
        }
        return kind
    }
}
