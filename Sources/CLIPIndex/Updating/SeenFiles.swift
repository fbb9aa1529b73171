/// Numbers of files, a bit for each.
///
/// They may be any: whoever made a file of tables has chosen them. Those that follow each other, as an index gives them, take little.
package struct SeenFiles: Sendable {
    /// 4,096 numbers each.
    private var pages: [Int: [UInt64]] = [:]

    package init() {}

    package mutating func insert(_ id: Int) {
        pages[id >> 12, default: [UInt64](repeating: 0, count: 64)][id >> 6 & 63] |= 1 << UInt64(id & 63)
    }

    package func contains(_ id: Int) -> Bool {
        guard let page = pages[id >> 12] else { return false }
        return page[id >> 6 & 63] >> UInt64(id & 63) & 1 == 1
    }
}
