/// A dictionary with a limit in bytes; the values that were not used for longest are removed first.
///
/// It is a value type without a lock. Reading counts as use, and takes the same time for any number of entries: the
/// order is a doubly linked list in an array.
package struct RecentlyUsed<Key: Hashable, Value> {
    private struct Entry {
        /// Nil in a free place, which must not keep memory alive that is no longer counted.
        var content: (key: Key, value: Value)?
        var byteCount: Int
        var older: Int
        var newer: Int
    }

    /// The limit in bytes of all entries together.
    package let limit: Int
    /// The bytes of all entries together.
    package private(set) var byteCount = 0
    private var places: [Key: Int] = [:]
    private var entries: [Entry] = []
    private var free: [Int] = []
    private var oldest = Self.none
    private var newest = Self.none

    private static var none: Int { -1 }

    package init(limit: Int) {
        self.limit = limit
    }

    /// How many entries there are.
    package var count: Int { places.count }

    /// The value of a key, which thereby becomes the most recently used.
    package mutating func value(of key: Key) -> Value? {
        guard let place = places[key] else { return nil }
        unlink(place)
        link(place)
        return entries[place].content?.value
    }

    /// Keeps a value of this many bytes, unless it alone exceeds the limit.
    package mutating func insert(_ value: Value, for key: Key, byteCount size: Int) {
        if let place = places[key] { remove(place) }
        guard size <= limit else { return }
        while byteCount + size > limit, oldest != Self.none { remove(oldest) }
        let entry = Entry(content: (key, value), byteCount: size, older: Self.none, newer: Self.none)
        let place: Int
        if let last = free.popLast() {
            place = last
            entries[place] = entry
        } else {
            place = entries.count
            entries.append(entry)
        }
        places[key] = place
        byteCount += size
        link(place)
    }

    /// Forgets everything.
    package mutating func removeAll() {
        self = Self(limit: limit)
    }

    /// Removes the entries with matching keys.
    package mutating func removeAll(where isGone: (Key) -> Bool) {
        for (key, place) in places where isGone(key) { remove(place) }
    }

    private mutating func remove(_ place: Int) {
        unlink(place)
        byteCount -= entries[place].byteCount
        if let key = entries[place].content?.key { places[key] = nil }
        entries[place].content = nil
        free.append(place)
    }

    private mutating func unlink(_ place: Int) {
        let (older, newer) = (entries[place].older, entries[place].newer)
        if older == Self.none { oldest = newer } else { entries[older].newer = newer }
        if newer == Self.none { newest = older } else { entries[newer].older = older }
    }

    private mutating func link(_ place: Int) {
        entries[place].older = newest
        entries[place].newer = Self.none
        if newest == Self.none { oldest = place } else { entries[newest].newer = place }
        newest = place
    }
}
