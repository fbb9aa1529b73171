/// The compiled operations by shape, at most `limit`; the one that was unused for longest is dropped first.
///
/// Captions of any length lead to any number of rows, so without a limit a long-lived server would collect an operation
/// for every sum of lengths that it has ever seen.
struct PrimitiveCache {
    /// What an operation is compiled for: a shape and a number of threads.
    struct Place: Hashable {
        var key: PrimitiveKey
        var threads: Int
    }

    private struct Entry {
        let primitive: Primitive
        var lastUse: UInt64
    }

    let limit: Int
    private var entries: [Place: Entry] = [:]
    private var clock: UInt64 = 0

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { entries.count }

    subscript(place: Place) -> Primitive? {
        mutating get {
            clock += 1
            entries[place]?.lastUse = clock
            return entries[place]?.primitive
        }
        set {
            clock += 1
            entries[place] = newValue.map { Entry(primitive: $0, lastUse: clock) }
            // A scan of the whole cache costs less than the compilation that led here.
            while entries.count > limit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                entries[oldest.key] = nil
            }
        }
    }
}
