import Testing

@testable import Judging

@Suite struct TheilSenTests {
    @Test func `a line has its slope, whatever single points do`() {
        var points = (0..<20).map { (x: Double($0), y: 5 + 2 * Double($0)) }
        #expect(TheilSen(points)?.slope == 2)
        for place in [3, 9, 17] { points[place].y = 1000 }
        #expect(TheilSen(points)?.slope == 2)
    }

    @Test func `many points are as good as some`() {
        let slope = TheilSen((0..<5000).map { (x: Double($0), y: 0.5 * Double($0)) })?.slope
        #expect(slope == 0.5)
    }

    @Test func `one point has none`() {
        #expect(TheilSen([]) == nil)
        #expect(TheilSen([(1, 1), (1, 5)]) == nil)
    }
}
