internal import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What a checkpoint's file really is, told by its first bytes, if it is not what its name says.
///
/// Typical causes are a repository that was cloned without Git LFS, a download that saved a web page, or an editor that
/// saved UTF-16. A reader alone would only report an unexpected first byte.
enum FileGuise: Equatable {
    case pointer
    case page
    case empty
    case otherEncoding(String)
    /// A PyTorch archive or pickle whose name ends in `.safetensors`.
    case pickle
    /// Something other than JSON; the text is its beginning.
    case notJSON(String)

    /// Looks at the file at a path, where a JSON text, a list of merges or weights should be; nil if nothing is
    /// suspicious or nothing can be read.
    init?(at path: String) {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // A pipe without data is not an empty file: the reader will report that it is no file.
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        var head = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &head, head.count)
        guard count >= 0 else { return nil }
        self.init(head: head[..<count], ofFile: path)
    }

    /// - Parameter file: its name, which tells what it should be.
    init?(head: ArraySlice<UInt8>, ofFile file: String) {
        let isText = !file.hasSuffix(".safetensors") && !file.hasSuffix(".gz")
        let text = String(decoding: head.prefix(64), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
        if head.isEmpty {
            self = .empty
        } else if text.hasPrefix("version https://git-lfs.github.com/spec/") {
            self = .pointer
        } else if ["<!doctype html", "<html", "<?xml"].contains(where: text.hasPrefix) {
            self = .page
        } else if isText,
            head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) || head.prefix(4).contains(0)
        {
            self = .otherEncoding("UTF-16 or UTF-32")
        } else if isText, head.starts(with: [0xEF, 0xBB, 0xBF]) {
            self = .otherEncoding("UTF-8 with a byte order mark")
        } else if file.hasSuffix(".safetensors"),
            head.starts(with: Array("PK\u{3}\u{4}".utf8)) || head.starts(with: [0x80, 0x02])
        {
            self = .pickle
        } else if file.hasSuffix(".json"), let first = text.first, first != "{" {
            self = .notJSON(String(text.prefix { !$0.isNewline }.prefix(40)))
        } else {
            return nil
        }
    }

    /// What the file is and what to do, to be put after its name.
    var sentence: String {
        switch self {
        case .pointer: "is a Git LFS pointer, not the file: run git lfs pull in its repository."
        case .page: "is a web page, not the file: download it anew, by the link of the raw file."
        case .empty: "is empty: download it anew."
        case .otherEncoding(let name): "is \(name): save it as plain UTF-8."
        case .pickle:
            "is a file of PyTorch under another name, which Python would run code from: give it the name that it had, "
                + "such as pytorch_model.bin, and use clip convert, which reads nothing but tensors."
        case .notJSON(let beginning):
            "is not JSON: it begins with '\(Self.printable(beginning))'; download it anew."
        }
    }

    /// The text without control characters that a terminal would obey.
    private static func printable(_ text: String) -> String {
        text.unicodeScalars.map {
            $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : String($0)
        }.joined()
    }

    /// The files of a checkpoint directory that its readers may open.
    private static func names(in directory: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        let known: Set = [
            "config.json", "open_clip_config.json", "preprocessor_config.json", "processor_config.json",
            "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
            "vocab.json", "merges.txt", "bpe_simple_vocab_16e6.txt.gz",
            "model.safetensors.index.json",
        ]
        return names.filter { known.contains($0) || $0.hasSuffix(".safetensors") }.sorted()
    }

    /// A sentence about the first file of a checkpoint directory that is not what its name says; nil if all are.
    static func problem(inDirectory directory: String) -> String? {
        for name in names(in: directory) {
            if let guise = FileGuise(at: "\(directory)/\(name)") { return "\(name) \(guise.sentence)" }
        }
        return nil
    }
}
