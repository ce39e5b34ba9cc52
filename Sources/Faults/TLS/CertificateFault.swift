import Glibc
import Kernel
import Labs
import Scenarios

/// A server with another certificate than it should have, or than it had.
package struct CertificateFault: Fault {
    package static let definition = FaultDefinition(
        name: "certificate",
        summary:
            "An actor's TLS certificate is changed for a bad one, or for a new one, and the actor is made to use it.",
        wire: """
            Whoever begins TLS with the actor is shown a certificate that is expired, or not-yet-valid; or good for \
            another name (wrong-name); or from an authority that nobody knows (unknown-issuer); or new, with a new \
            key, and as good as the one before (renewed). A client that verifies ends the handshake with an alert and \
            an error that says why, except for renewed, which it should not even notice. Trying again does not help, \
            until somebody does something about it.

            Sessions that stand go on with reload: hup, as the certificate was checked when they began; an actor that \
            does not know SIGHUP dies of it. With reload: restart the actor is killed and started again, so everybody \
            has to come back and meets the new one. With reload: none nobody tells the actor.
            """,
        heals: """
            The good certificate and its key are back in their files, and the actor is made to use them in the same \
            way as when it struck.
            """,
        hit: """
            One for each whole handshake with the actor, from when the file with the certificate was read: its \
            ServerHello, seen as it left the host. A session that is resumed shows no certificate and is no hit.
            """,
        mechanism: """
            The files of the actor's certificate and key are replaced, each in one step, and SIGHUP is sent to the \
            actor's first process, or it is killed with SIGKILL and started again 100 ms later. The kernel tells when \
            the file is opened (inotify), and a packet socket on the actor's host sees ServerHellos that leave it, by \
            IPv4, from the ports that the actor listens at when the fault strikes. An actor that does not read the \
            file makes the fault void. The lab's own authority makes the certificates with OpenSSL: P-256, SHA-256, \
            valid by the lab's clock.
            """,
        target: .actor, extent: .interval, needs: [.certificate],
        parameters: [
            Parameter(
                "becomes", .choice(Certificates.Flaw.allCases.map(\.rawValue)), required: true,
                "What is the matter with the certificate."),
            Parameter(
                "reload", .choice(Reload.allCases.map(\.rawValue)), default: .text(Reload.hup.rawValue),
                "How the actor is made to use it, and later the good one."),
        ],
        example: "- { at: 10m, until: 15m, fault: certificate, of: broker, becomes: expired, reload: hup }")

    private enum Reload: String, CaseIterable { case hup, restart, none }

    private let actor: String
    private let flaw: Certificates.Flaw
    private let reload: Reload

    package init(plan: FaultPlan) {
        actor = plan.actor
        flaw = plan.text("becomes").flatMap(Certificates.Flaw.init) ?? .expired
        reload = plan.text("reload").flatMap(Reload.init) ?? .hup
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        guard let certificates = field.lab.certificates, certificates.has(actor) else {
            preconditionFailure("the checker let an actor without a certificate through: \(actor)")
        }
        let active = Active(self, certificates, field)
        do throws(FaultError) {
            try Self.attempt {
                let served = try ServedPorts(of: actor, only: nil, in: field)
                try certificates.replace(of: actor, by: flaw)
                active.watch = try HandshakeWatch(
                    host: served.host, ports: served.ports, certificate: CertificatePlan.certificate(of: actor),
                    in: field)
            }
            try tell(field)
        } catch {
            try? certificates.restore(of: actor)
            active.watch?.stop()
            throw error
        }
        return active
    }

    /// Has the actor read its files.
    private func tell(_ field: any FaultField) throws(FaultError) {
        switch reload {
        case .none: break
        case .hup:
            // The first process of an actor is the one that was started: workers need not know.
            if let first = field.actors.processes(of: actor).first { kill(first, SIGHUP) }
        case .restart:
            _ = try Kill(of: actor, restartAfter: .milliseconds(100)).strike(in: field)
        }
    }

    private final class Active: ActiveFault {
        private let fault: CertificateFault
        private let certificates: Certificates
        private let field: any FaultField
        var watch: HandshakeWatch?
        private var isHealed = false

        init(_ fault: CertificateFault, _ certificates: Certificates, _ field: any FaultField) {
            self.fault = fault
            self.certificates = certificates
            self.field = field
        }

        func hits() -> Int64 { watch?.count ?? 0 }
        var firstHit: Int64? { watch?.firstHit }

        func heal() throws(FaultError) {
            if isHealed { return }
            isHealed = true
            watch?.stop()
            try CertificateFault.attempt { try certificates.restore(of: fault.actor) }
            try fault.tell(field)
        }
    }
}
