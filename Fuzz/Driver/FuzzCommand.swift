internal import CFuzzer

/// Tries one parser on inputs that libFuzzer makes, or decodes mutated pictures.
///
/// `clip-fuzz NAME [libFuzzer's arguments]` tries a parser, and `clip-fuzz pictures ...` decodes pictures;
/// `Scripts/fuzz.py` runs them all.
@main
enum FuzzCommand {
    private static let parser = Parser(rawValue: CommandLine.arguments.dropFirst().first ?? "")

    static func main() {
        let words = Array(CommandLine.arguments.dropFirst())
        if words.first == "pictures" { return PictureMutations(arguments: Array(words.dropFirst())).run() }
        guard parser != nil else {
            let names = Parser.allCases.map(\.rawValue).joined(separator: ", ")
            print("usage: clip-fuzz NAME [libFuzzer's arguments], where NAME is one of \(names) or pictures")
            return
        }
        // libFuzzer ignores the first word, the program's name; the parser's name takes its place.
        var count = CommandLine.argc - 1
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
        _ = LLVMFuzzerRunDriver(&count, &arguments) { data, size in
            FuzzCommand.parser?.read([UInt8](UnsafeBufferPointer(start: data, count: size)))
            return 0
        }
    }
}
