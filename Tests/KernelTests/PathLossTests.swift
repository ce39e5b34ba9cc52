import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// Which packets a link loses, by the numbers that arrive.
    @Suite struct PathLoss {
        let field: TestField
        let stream: TestStream
        let fromA = FaultTarget.link("a-b", from: "a")

        init() throws {
            field = try TestField(TestLab.pair())
            stream = try TestStream(from: field.lab.host("a"), to: field.lab.host("b"))
        }

        /// Sends so many datagrams, a few at a time so that they fit into the reader's buffer.
        private func losses(_ count: Int) throws -> TestLosses {
            let first = stream.sent.count
            var arrived: [TestStream.Arrival] = []
            for _ in 0..<(count / 10_000) {
                try stream.send(10_000)
                arrived += stream.arrivals(quiet: .milliseconds(100))
            }
            return TestLosses(sent: first..<(first + count), arrived: arrived)
        }

        private func expectNone() throws { #expect(try losses(10_000).count == 0) }

        @Test(arguments: [0.001, 0.1, 0.5, 0.99])
        func `loss takes its share of packets, one by one`(share: Double) throws {
            let fault = try field.strike("loss", fromA, ["loss": .fraction(share)])
            let losses = try losses(20_000)
            #expect(Chance.counts(share, of: 20_000).contains(losses.count))
            #expect(try fault.hits() == Int64(losses.count))
            // A run goes on with the same chance with which it began.
            let runs = Double(losses.bursts.count)
            #expect(abs(losses.meanBurst * (1 - share) - 1) < 4 / runs.squareRoot())
            try fault.heal()
            try expectNone()
            #expect(try fault.hits() == Int64(losses.count))
        }

        /// Shares and mean bursts of as many trials as a test makes, many times over: mean and standard deviation.
        private static func model(
            trials: Int, _ next: (inout Chance.Numbers) -> Bool
        ) -> (share: (Double, Double), burst: (Double, Double)) {
            var numbers = Chance.Numbers()
            let blocks = (0..<100).map { _ in TestLosses((0..<trials).map { _ in next(&numbers) }) }
            let (shares, bursts) = (blocks.map(\.share), blocks.map(\.meanBurst))
            return (
                (Chance.mean(shares), Chance.deviation(shares)), (Chance.mean(bursts), Chance.deviation(bursts))
            )
        }

        private func expect(_ losses: TestLosses, _ model: (share: (Double, Double), burst: (Double, Double))) {
            // The model's own mean is uncertain by a tenth of its deviation.
            let sigmas = Chance.sigmas * 1.01
            #expect(abs(losses.share - model.share.0) < sigmas * model.share.1)
            #expect(abs(losses.meanBurst - model.burst.0) <= sigmas * model.burst.1)
        }

        @Test(arguments: [(0.3, 0.25), (0.3, 0.75), (0.6, 0.5)])
        func `correlated loss is what the kernel makes of it`(share: Double, rho: Double) throws {
            let fault = try field.strike("loss", fromA, ["loss": .fraction(share), "correlation": .fraction(rho)])
            let losses = try losses(20_000)
            var last = 0.5
            let model = Self.model(trials: 20_000) { numbers in
                last = numbers.next() * (1 - rho) + last * rho
                return last <= share
            }
            expect(losses, model)
            // As the definition says: not at all the stated share.
            #expect(!Chance.counts(share, of: 20_000).contains(losses.count))
            #expect(try fault.hits() == Int64(losses.count))
            try fault.heal()
            try expectNone()
        }

        @Test(arguments: [(8.0, 20.0), (1.5, 10.0)])
        func `burst-loss has bursts and gaps of its lengths`(burst: Double, gap: Double) throws {
            let fault = try field.strike("burst-loss", fromA, ["burst": .number(burst), "gap": .number(gap)])
            let losses = try losses(160_000)
            #expect(losses.bursts.count > 5000)
            #expect(abs(losses.meanBurst / burst - 1) < 0.05)
            let gaps = losses.lost.split(separator: true).map { Double($0.count) }
            #expect(abs(Chance.mean(gaps) / gap - 1) < 0.05)
            #expect(abs(losses.share / (burst / (burst + gap)) - 1) < 0.05)
            #expect(try fault.hits() == Int64(losses.count))
            try fault.heal()
            try expectNone()
        }

        @Test func `burst-loss loses some in bursts and a few between them`() throws {
            let fault = try field.strike(
                "burst-loss", fromA,
                [
                    "burst": .number(50), "gap": .number(200), "loss-in-burst": .fraction(0.6),
                    "loss-between": .fraction(0.02),
                ])
            let losses = try losses(40_000)
            var isBad = false
            let model = Self.model(trials: 40_000) { numbers in
                let wasBad = isBad
                if numbers.next() < (wasBad ? 1.0 / 50 : 1.0 / 200) { isBad.toggle() }
                return numbers.next() < (wasBad ? 0.6 : 0.02)
            }
            expect(losses, model)
            #expect(try fault.hits() == Int64(losses.count))
            try fault.heal()
            try expectNone()
        }

        @Test(arguments: [[0.02, 0.2, 0.3, 0.5, 0.01], [0.05, 1, 0, 1, 0], [0, 0.5, 0.5, 0.5, 0.1]])
        func `four-state-loss is its chain`(p: [Double]) throws {
            let names = ["p13", "p31", "p32", "p23", "p14"]
            let values = Dictionary(uniqueKeysWithValues: zip(names, p.map { Value.fraction($0) }))
            let fault = try field.strike("four-state-loss", fromA, values)
            let losses = try losses(40_000)
            var state = 1
            let model = Self.model(trials: 40_000) { numbers in
                let draw = numbers.next()
                state =
                    switch state {
                    case 1: draw < p[4] ? 4 : draw < p[4] + p[0] ? 3 : 1
                    case 2: draw < p[3] ? 3 : 2
                    case 3: draw < p[2] ? 2 : draw < p[2] + p[1] ? 1 : 3
                    default: 1
                    }
                return state >= 3
            }
            expect(losses, model)
            #expect(try fault.hits() == Int64(losses.count))
            try fault.heal()
            try expectNone()
        }

        @Test func `of two losses on one link the later one acts, and only that one counts`() throws {
            let plain = try field.strike("loss", fromA, ["loss": .fraction(0.2)])
            let first = try losses(10_000).count
            let bursts = try field.strike("burst-loss", fromA, ["burst": .number(10), "gap": .number(10)])
            let second = try losses(10_000)
            #expect(second.meanBurst > 5)
            try plain.heal()
            let third = try losses(10_000)
            #expect(third.meanBurst > 5)
            #expect(try plain.hits() == Int64(first))
            #expect(try bursts.hits() == Int64(second.count + third.count))
            try bursts.heal()
            try expectNone()
        }

        @Test func `losses that take nothing have no hits`() throws {
            let faults = [
                try field.strike("burst-loss", fromA, ["burst": .number(2), "gap": .number(2)]),
                try field.strike("four-state-loss", fromA, ["p13": .fraction(1), "p31": .fraction(0)]),
            ]
            sleep(60)
            for fault in faults {
                #expect(try fault.hits() == 0)
                try fault.heal()
                #expect(try fault.hits() == 0)
            }
            try expectNone()
        }
    }
}
