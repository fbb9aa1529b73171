/// One picture of a shard, or what stands in its place.
package enum BulkItem: Equatable, Sendable {
    /// A picture of an archive.
    case picture(key: String, [UInt8])
    /// A picture in a file of its own; its path is its key.
    case file(path: String, bytes: Int)
    /// There is no picture.
    case failed(key: String, reason: String)
    /// It cannot be told whether there is one.
    case faulty(key: String, ShardFault)

    /// How much it takes while it is in hand.
    var byteCount: Int {
        switch self {
        case .picture(_, let bytes): bytes.count
        case .file(_, let bytes): bytes
        case .failed, .faulty: 0
        }
    }
}
