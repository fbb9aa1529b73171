/// Numbers of files, a bit for each.
package struct SeenFiles: Sendable {
    private var words: [UInt64] = []

    mutating func insert(_ id: Int) {
        guard id >= 0 else { return }
        if id / 64 >= words.count {
            words += [UInt64](repeating: 0, count: max(id / 64 + 1 - words.count, words.count))
        }
        words[id / 64] |= 1 << UInt64(id % 64)
    }

    func contains(_ id: Int) -> Bool {
        id >= 0 && id / 64 < words.count && words[id / 64] >> UInt64(id % 64) & 1 == 1
    }
}
