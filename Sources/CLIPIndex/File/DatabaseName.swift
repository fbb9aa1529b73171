internal import CLIPFiles
internal import GRDB

/// What SQLite is told to open a file by.
///
/// SQLite takes a path as UTF-8, and some names as something else than a file. An address (https://www.sqlite.org/uri.html) can have
/// any bytes, and say how the file is to be opened; SQLite reads addresses where it was built to.
enum DatabaseName {
    /// - Parameters:
    ///   - path: of any bytes.
    ///   - isFrozen: whether the file is read without locks, and without what may have been written beside it.
    static func of(_ path: String, isFrozen: Bool = false) throws(IndexError) -> String {
        // `:memory:` and addresses begin in another way.
        let path = path.utf8.first == UInt8(ascii: "/") ? path : "./\(path)"
        if !isFrozen, FileName.isText(path) { return path }
        guard takesAddresses else {
            throw .unusable(path: path, cause: "SQLite was built without SQLITE_USE_URI here")
        }
        let scheme = path.utf8.first == UInt8(ascii: "/") ? "file://" : "file:"
        let address = scheme + PercentText.of(FileName.bytes(of: path), keeping: "/")
        return isFrozen ? address + "?immutable=1" : address
    }

    static let takesAddresses: Bool = {
        let answer = try? DatabaseQueue().read {
            try Bool.fetchOne($0, sql: "SELECT sqlite_compileoption_used('USE_URI')")
        }
        return answer ?? false
    }()
}
