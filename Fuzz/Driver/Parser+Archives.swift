internal import CLIPWeights
internal import Glibc

extension Parser {
    /// Converts a PyTorch file: the bytes as they are, or as the pickle of an archive, depending on the first byte.
    ///
    /// The output has to be a safetensors file that this package reads, with as many tensors as were reported.
    static func readArchive(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let folder = Folder.shared
        folder.clear()
        let rest = Array(bytes.dropFirst())
        var entries = [("a/data.pkl", rest), ("a/data/0", [UInt8](0..<24)), ("a/data/1", [UInt8](0..<24))]
        if first & 2 != 0 { entries.append(("a/constants.pkl", [0x80, 2, 0x29, 0x2E])) }
        if first & 4 != 0 { entries.append(("a/byteorder", Array("big".utf8))) }
        let path = folder.write(first & 1 == 0 ? zip(entries) : rest, as: "model.pt")
        guard
            let conversion = try? CheckpointConversion(source: path, directory: folder.path, replacing: true),
            let report = try? conversion.run(), let name = report.files.last
        else { return }
        let written = "\(folder.path)/\(name)"
        guard let file = try? SafetensorsFile(path: written) else {
            preconditionFailure("What was written cannot be read.")
        }
        precondition(file.tensorNames.count == report.tensorCount, "A tensor is missing.")
        for name in report.files { unlink("\(folder.path)/\(name)") }
    }

    /// Makes a zip archive without checksums.
    private static func zip(_ entries: [(name: String, content: [UInt8])]) -> [UInt8] {
        func two(_ value: Int) -> [UInt8] {
            [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
        }
        func four(_ value: Int) -> [UInt8] { two(value) + two(value >> 16) }
        var data: [UInt8] = []
        var directory: [UInt8] = []
        for (name, content) in entries {
            let lengths = four(0) + four(content.count) + four(content.count) + two(name.utf8.count) + two(0)
            directory += four(0x0201_4B50) + two(20) + two(20) + two(0) + two(0) + four(0) + lengths
            directory += two(0) + two(0) + two(0) + four(0) + four(data.count) + Array(name.utf8)
            data +=
                four(0x0403_4B50) + two(20) + two(0) + two(0) + four(0) + lengths + Array(name.utf8) + content
        }
        let end = four(0x0605_4B50) + two(0) + two(0) + two(entries.count) + two(entries.count)
        return data + directory + end + four(directory.count) + four(data.count) + two(0)
    }
}
