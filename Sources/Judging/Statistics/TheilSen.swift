/// The median of the slopes between all pairs of points (Theil 1950, Sen 1968): a line through levels that single
/// outliers, up to 29 % of the points, do not bend.
struct TheilSen {
    let slope: Double

    /// Nil when there are no two points with different x. Of more than 300 points only every so many is taken.
    init?(_ points: [(x: Double, y: Double)]) {
        let step = (points.count + TheilSen.most - 1) / TheilSen.most
        let taken = step > 1 ? points.enumerated().filter { $0.offset % step == 0 }.map(\.element) : points
        var slopes: [Double] = []
        for (place, first) in taken.enumerated() {
            for second in taken.dropFirst(place + 1) where second.x != first.x {
                slopes.append((second.y - first.y) / (second.x - first.x))
            }
        }
        guard !slopes.isEmpty else { return nil }
        slopes.sort()
        let middle = slopes.count / 2
        slope = slopes.count % 2 == 1 ? slopes[middle] : (slopes[middle - 1] + slopes[middle]) / 2
    }

    private static let most = 300
}
