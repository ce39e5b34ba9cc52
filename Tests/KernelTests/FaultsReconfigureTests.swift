import CLinux
import Faults
import Glibc
import Kernel
import Testing

@testable import Scenarios

extension KernelTests {
    /// A real mosquitto, with a password file that is replaced under its clients.
    @Suite(.enabled(if: access("/usr/sbin/mosquitto", X_OK) == 0, "mosquitto is not installed"))
    struct FaultsReconfigure {
        let field: TestField
        private let broker = FaultTarget.actor("broker")
        private let folder = "/tmp/halfopen-mosquitto"

        init() throws {
            field = try TestField(TestLab.pair())
            Files.remove(folder)
            try Files.makeFolder("\(folder)/work")
            // Both as `mosquitto_passwd -b FILE alice secret` writes them, with another password in the second.
            try write("passwords", password: "secret")
            try write("others", password: "changed")
            let settings = """
                listener 1883 0.0.0.0
                allow_anonymous false
                password_file \(folder)/passwords
                user root
                log_dest stderr
                """
            try Files.write("\(folder)/mosquitto.conf", settings + "\n")
            field.testActors.folders["broker"] = .init(
                folder: folder, work: "\(folder)/work", log: "\(folder)/log")
            try field.testActors.start(
                "broker", on: "b", in: field.namespace(of: "b"),
                ["/usr/sbin/mosquitto", "-v", "-c", "\(folder)/mosquitto.conf"], ready: "running",
                hearsErrors: true)
        }

        private func write(_ file: String, password: String) throws {
            try Files.write("\(folder)/\(file)", "alice:\(password)\n")
            try TestRig.run(["mosquitto_passwd", "-U", "\(folder)/\(file)"], in: field.namespace(of: "b"))
        }

        /// The code of CONNACK (MQTT 3.1.1, 3.2.2.3): 0 is welcome, 5 not authorised.
        private func logIn(_ password: String = "secret") throws -> UInt8? {
            let peer = try TestConnection(
                from: field.namespace(of: "a"), to: field.lab.host("b").addresses[0], port: 1883)
            func text(_ text: String) -> [UInt8] { [0, UInt8(text.utf8.count)] + Array(text.utf8) }
            let body = text("MQTT") + [4, 0xC2, 0, 60] + text("test") + text("alice") + text(password)
            let packet = [0x10, UInt8(body.count)] + body
            send(peer.descriptor.raw, packet, packet.count, Int32(MSG_NOSIGNAL))
            guard case .bytes(let answer) = peer.hear(), answer.utf8.first == 0x20 else { return nil }
            return Array(answer.utf8).last
        }

        private func strike() throws -> any ActiveFault {
            try field.strike(
                "reconfigure", broker,
                [
                    "file": .text("passwords"), "with": .text("others"), "signal": .text("HUP"),
                    "says": .text("not authorised"),
                ])
        }

        @Test func `with another password file mosquitto refuses its client, until it has the first one back`() throws {
            #expect(try logIn() == 0)
            let former = try Files.read("\(folder)/passwords")
            let fault = try strike()
            usleep(100_000)
            #expect(try logIn() == 5)
            #expect(try logIn() == 5)
            #expect(try logIn("changed") == 0)
            usleep(100_000)
            #expect(try fault.hits() == 2)
            try fault.heal()
            try fault.heal()
            usleep(100_000)
            #expect(try Files.read("\(folder)/passwords") == former)
            #expect(Files.text("/proc/self/mountinfo")?.contains(folder) == false)
            #expect(try logIn() == 0)
            #expect(try logIn("changed") == 5)
            usleep(100_000)
            #expect(try fault.hits() == 2, "what was refused after the heal is none of ours")
        }

        @Test func `reconfigure that nobody felt has no hits, whatever the log said before`() throws {
            #expect(try logIn("wrong") == 5)
            usleep(100_000)
            let fault = try strike()
            try field.pass(.seconds(60))
            try fault.heal()
            #expect(try fault.hits() == 0)
        }

        @Test func `a file that is not there is an error, and nothing has changed`() throws {
            #expect(throws: FaultError.self) {
                try field.strike(
                    "reconfigure", broker,
                    ["file": .text("passwords"), "with": .text("nothing"), "says": .text("denied")])
            }
            #expect(Files.text("/proc/self/mountinfo")?.contains(folder) == false)
            #expect(try logIn() == 0)
        }
    }
}
