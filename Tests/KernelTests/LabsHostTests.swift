import Glibc
import Kernel
import Labs
import Scenarios
import Testing

extension KernelTests {
    /// The same code on an ordinary kernel, in real time: HALFOPEN_KERNEL_TESTS=1, as root or under `unshare -Urn`.
    /// What needs netem has two answers, and both are right.
    @Suite(.enabled(if: !isInLabKernel, "on an ordinary kernel: HALFOPEN_KERNEL_TESTS=1 as root or under unshare -Urn"))
    struct LabsHostTests {
        private let hasNetem: Bool
        init() throws { hasNetem = try Capability.netem.isPresent() }

        @Test func `a slow link is made, or refused with what is missing`() throws {
            let plan = TestLab.pair(TestLab.impairment(delay: .milliseconds(20)))
            #expect(Capability.missing(for: plan) == (hasNetem ? [] : ["sch_netem"]))
            if hasNetem {
                _ = try Lab(plan, seed: 1)
            } else {
                #expect { try Lab(plan, seed: 1) } throws: {
                    ($0 as? LabError)?.missing == "sch_netem"
                        && "\($0)" == "this kernel cannot make link a-b: it lacks sch_netem; "
                            + "the virtual lab (--lab virtual) has it"
                }
            }
        }

        @Test func `a link with the default delay is made all the same, and says so`() throws {
            let lab = try Lab(TestLab.pair(), seed: 1)
            #expect(lab.notes.contains("links have no delay: this kernel lacks sch_netem") == !hasNetem)
            let listener = try TestListener(in: lab.host("b").namespace.raw, port: 7000)
            _ = try TestConnection(from: lab.host("a").namespace.raw, to: "10.77.0.6", port: 7000)
            _ = try listener.accept()
            if !hasNetem {
                #expect { try lab.link("a-b").overlay(id: "slow", from: "a") { $0.delay = .seconds(1) } } throws: {
                    ($0 as? LabError)?.missing == "sch_netem"
                }
                #expect(lab.link("a-b").impairment(from: "a") == Impairment())
                try lab.link("a-b").overlay(id: "narrow", from: "a") { $0.rate = 1_000_000 }
            }
        }

        @Test func `a rate needs no netem`() throws {
            let lab = try Lab(TestLab.pair(TestLab.impairment(rate: 1_000_000, limit: 20)), seed: 1)
            let datagrams = try TestDatagrams(from: lab.host("a"), to: lab.host("b"), size: 1000 - 42)
            for number in 0..<100 { try datagrams.send(UInt32(number)) }
            let arrived = datagrams.received(quiet: .milliseconds(300))
            #expect((22...26).contains(arrived.count), "\(arrived.count)")
            #expect(try lab.link("a-b").crossed(from: "a").dropped == Int64(100 - arrived.count))
        }

        @Test func `a router forgets in real time too`() throws {
            let lab = try Lab(TestLab.natted(idleTimeout: .seconds(1)), seed: 1)
            let listener = try TestListener(in: lab.host("cloud").namespace.raw, port: 7000)
            let client = try TestConnection(from: lab.host("phone").namespace.raw, to: "10.77.1.6", port: 7000)
            let server = try listener.accept()
            #expect(client.say("known") && server.hear() == .bytes("known"))
            usleep(2_100_000)
            client.say("lost")
            #expect(server.hear(within: .milliseconds(500)) == .silence)
            #expect(try lab.router("home").refused().fromInside > 0)
        }
    }
}
