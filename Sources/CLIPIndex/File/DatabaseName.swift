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
        var address = path.utf8.first == UInt8(ascii: "/") ? "file://" : "file:"
        for byte in FileName.bytes(of: path) {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                address.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                address += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return isFrozen ? address + "?immutable=1" : address
    }

    static let takesAddresses: Bool = {
        let answer = try? DatabaseQueue().read {
            try Bool.fetchOne($0, sql: "SELECT sqlite_compileoption_used('USE_URI')")
        }
        return answer ?? false
    }()
}
