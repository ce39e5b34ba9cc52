import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    @Suite struct RefuseTests {
        let field: TestField
        let listener: TestListener
        let both = FaultTarget.link("a-b", from: nil)

        init() throws {
            field = try TestField(TestLab.pair())
            listener = try TestListener(in: field.namespace(of: "b"), port: 7000)
        }

        private func outcome(from source: String = "a", to target: String = "b", port: Int = 7000) -> Int32? {
            do {
                _ = try TestConnection(
                    from: field.namespace(of: source), to: field.lab.host(target).addresses[0], port: port)
                return nil
            } catch {
                return (error as? SystemError)?.code
            }
        }

        @Test func `attempts are refused at once, and connections carry on`() throws {
            let before = try LabState(of: field.lab)
            let (client, server) = try field.connect(from: "a", to: listener, on: "b")
            let fault = try field.strike("refuse", both)
            #expect(try fault.hits() == 0)
            let capture = try TestCapture(in: field.lab.host("b").namespace)
            // The middle of the link is where its delay begins.
            var code: Int32?
            #expect(elapsed { code = outcome() } < .milliseconds(2))
            #expect(code == ECONNREFUSED)
            for _ in 0..<9 { #expect(outcome() == ECONNREFUSED) }
            #expect(capture.frames().isEmpty)
            #expect(try fault.hits() == 10)
            #expect(client.talks(to: server))
            let back = try TestListener(in: field.namespace(of: "a"), port: 7001)
            #expect(outcome(from: "b", to: "a", port: 7001) == ECONNREFUSED)
            #expect(try fault.hits() == 11)
            try fault.heal()
            try fault.heal()
            #expect(outcome() == nil)
            #expect(outcome(from: "b", to: "a", port: 7001) == nil)
            #expect(try fault.hits() == 11)
            try expectSame(field.lab, as: before)
            _ = back
        }

        @Test func `a port and a direction leave the rest alone`() throws {
            let other = try TestListener(in: field.namespace(of: "b"), port: 7002)
            let back = try TestListener(in: field.namespace(of: "a"), port: 7000)
            let fault = try field.strike("refuse", .link("a-b", from: "a"), ["port": .count(7000)])
            #expect(outcome(port: 7002) == nil)
            #expect(outcome(from: "b", to: "a", port: 7000) == nil)
            #expect(try fault.hits() == 0)
            #expect(outcome() == ECONNREFUSED)
            #expect(try fault.hits() == 1)
            _ = (other, back)
        }

        @Test func `under a blackhole nothing is refused, and after it everything`() throws {
            let fault = try field.strike("refuse", both)
            let dark = try field.strike("blackhole", both)
            #expect(outcome() == ETIMEDOUT)
            #expect(try fault.hits() == 0)
            try dark.heal()
            #expect(outcome() == ECONNREFUSED)
            #expect(try fault.hits() == 1)
        }
    }
}
