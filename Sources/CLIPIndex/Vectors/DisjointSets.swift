/// Numbers in groups that are joined, and never parted.
///
/// Four bytes a number in each of three lists, however many are joined.
struct DisjointSets {
    /// The way to the number that stands for a group.
    private var parents: [Int32]
    /// The next of the same group, in a ring.
    private var ring: [Int32]
    /// At the number that stands for a group, the greatest of it.
    private var greatest: [Int32]

    /// - Parameter count: the numbers from zero on, each by itself.
    init(count: Int) {
        parents = (0..<Int32(count)).map { $0 }
        (ring, greatest) = (parents, parents)
    }

    /// The number that stands for a group.
    mutating func group(of number: Int) -> Int {
        var place = number
        while Int(parents[place]) != place {
            parents[place] = parents[Int(parents[place])]
            place = Int(parents[place])
        }
        return place
    }

    /// Makes one group of two.
    mutating func join(_ one: Int, _ other: Int) {
        let (first, second) = (group(of: one), group(of: other))
        guard first != second else { return }
        let (low, high) = (min(first, second), max(first, second))
        parents[high] = Int32(low)
        greatest[low] = max(greatest[low], greatest[high])
        ring.swapAt(low, high)
    }

    /// The numbers of a group of several, ascending, if this is its greatest; nil otherwise.
    mutating func members(ofGroupEndingAt number: Int) -> [Int]? {
        guard Int(ring[number]) != number, Int(greatest[group(of: number)]) == number else { return nil }
        var members = [number]
        var place = Int(ring[number])
        while place != number {
            members.append(place)
            place = Int(ring[place])
        }
        return members.sorted()
    }
}
