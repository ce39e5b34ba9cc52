import Testing

@testable import Scenarios

@Suite struct NATPresetTests {
    private func nat(_ keys: String) throws -> NATPlan? {
        try Fixture.scenario(Fixture.changed("idle-timeout: 5m, on-expiry: drop", keys)).lab.hosts[1].nat
    }

    @Test(arguments: NATPreset.shipped)
    func `a preset stands for its figures`(_ preset: NATPreset) throws {
        let nat = try nat("preset: \(preset.name)")
        #expect(nat?.idleTimeout == preset.idleTimeout)
        #expect(nat?.onExpiry == preset.onExpiry)
    }

    @Test func `keys beside a preset change it`() throws {
        let later = try nat("preset: aws-nlb, idle-timeout: 6000s")
        #expect(later?.idleTimeout == .seconds(6000))
        #expect(later?.onExpiry == .reset)
        let silent = try nat("on-expiry: drop, preset: aws-nlb")
        #expect(silent?.idleTimeout == .seconds(350))
        #expect(silent?.onExpiry == .drop)
    }

    @Test func `an unknown preset is one problem, with the nearest known`() {
        #expect(
            Fixture.problems(Fixture.changed("idle-timeout: 5m, on-expiry: drop", "preset: aws-nbl")) == [
                #"s/nat.yaml:9:28: unknown preset "aws-nbl"; did you mean "aws-nlb"?"#
            ])
    }

    /// The figures as their documents have them.
    @Test func `what the field has`() {
        let figures = NATPreset.shipped.map { "\($0.name) \(Units.text($0.idleTimeout)) \($0.onExpiry.rawValue)" }
        #expect(
            figures == [
                "aws-nat-gateway 350s reset", "aws-nlb 350s reset", "azure-load-balancer 4m drop",
                "carrier-grade 5m drop", "corporate-firewall 1h drop", "gcp-nat 10m drop", "home-router 124m drop",
                "hotel-wifi 5m drop",
            ])
        #expect(figures == figures.sorted())
        #expect(NATPreset.shipped.allSatisfy { $0.summary.hasSuffix(".") && !$0.summary.contains("  ") })
    }
}
