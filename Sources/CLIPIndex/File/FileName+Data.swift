internal import CLIPFiles
internal import Foundation

extension FileName {
    /// A path as the tables have it: its bytes, since not all are text.
    static func data(of path: String) -> Data { Data(bytes(of: path)) }
}
