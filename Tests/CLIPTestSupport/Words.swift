import Foundation

/// What people read of errors: sentences that somebody wrote, never Swift's own description of a value.
public enum Words {
    /// Whatever is wrong with the words of an error type; empty where every case is a sentence.
    ///
    /// - Parameters:
    ///   - samples: a value of every case under the case's name.
    ///   - type: the enum's name.
    ///   - file: the file that declares it, below `Sources`. A case of it without a sample is a complaint.
    ///   - nothingToDo: the cases that need no remedy, since nobody waits for one.
    public static func complaints(
        of samples: KeyValuePairs<String, any Error>,
        type: String,
        in file: String,
        nothingToDo: Set<String> = []
    ) throws -> [String] {
        var complaints: [String] = []
        for (name, error) in samples {
            if let label = Mirror(reflecting: error).children.first?.label, label != name {
                complaints.append("the sample of \(name) is one of \(label)")
            }
        }
        let texts: [(name: String, texts: [String])] = samples.map { ($0.key, ["\($0.value)"]) }
        for (name, texts) in texts where !nothingToDo.contains(name) {
            for text in texts where !hasRemedy(text) {
                complaints.append("\(type).\(name): it does not say what to do: \(text)")
            }
        }
        return try self.complaints(ofTexts: texts, type: type, in: file) + complaints
    }

    /// Whatever is wrong with the texts that stand for the cases of an enum; empty where all are sentences.
    ///
    /// - Parameter samples: the texts under their case's name, an entry for every case.
    public static func complaints(
        ofTexts samples: [(name: String, texts: [String])],
        type: String,
        in file: String
    ) throws -> [String] {
        let text = try String(contentsOf: sources.appendingPathComponent(file), encoding: .utf8)
        let cases = cases(of: type, in: text)
        var complaints = cases.isEmpty ? ["\(file) declares no case of \(type)"] : []
        for name in cases where !samples.contains(where: { $0.name == name }) {
            complaints.append(
                "\(type).\(name) has no sample here; add one, so that its sentence is looked at"
            )
        }
        for (name, texts) in samples {
            if !cases.contains(name) { complaints.append("\(type) has no case \(name)") }
            for sentence in texts {
                for fault in faults(of: sentence, caseNames: cases) {
                    complaints.append("\(type).\(name): \(fault): \(sentence)")
                }
            }
        }
        return complaints
    }

    /// What keeps a text from being a sentence that somebody wrote.
    public static func faults(of sentence: String, caseNames: [String] = []) -> [String] {
        var faults: [String] = []
        if sentence.contains("Optional(") { faults.append("it shows an optional") }
        if sentence.firstMatch(of: /\b[a-z]+[A-Za-z]*\((?:[a-zA-Z]+: |")/) != nil {
            faults.append("it shows a value of Swift")
        }
        for name in caseNames where sentence == name || sentence.contains("\(name)(") {
            faults.append("it shows the case \(name)")
        }
        if sentence.firstMatch(
            of:
                /\b(CLIP(Engine|Evaluation|Fetching|Files|Hub|Imaging|Kernels|Models|Server|Tokenization|Weights)\.|[A-Z]\w+Error\b)/
        ) != nil {
            faults.append("it names a type")
        }
        if sentence.split(separator: " ").count < 3 { faults.append("it is too short for a sentence") }
        // A command that is there to be copied ends without a full stop.
        if let last = sentence.last, !".?".contains(last),
            sentence.firstMatch(of: /for example with: [a-z]+ .+$/) == nil
        {
            faults.append("it has no end")
        }
        if sentence.first?.isLowercase == true,
            !sentence.prefix(while: { $0 != " " }).contains(where: { "./_".contains($0) || $0.isUppercase })
        {
            faults.append("it has no beginning")
        }
        return faults
    }

    /// Whether a text says what helps: it names a flag, or has a sentence, or the end of one, that begins with one of a
    /// few verbs.
    public static func hasRemedy(_ text: String) -> Bool {
        if text.firstMatch(of: #/(?:^|[ \(])--[a-z]/#) != nil { return true }
        // Nobody finds a setting by this.
        return !text.contains("in the settings")
            && text.matches(of: #/(?:^|[.?:;] |, or )([A-Za-z]+) /#).contains {
                remedies.contains($0.1.lowercased())
            }
    }

    private static let remedies: Set<String> = [
        "accept", "ask", "check", "choose", "convert", "download", "encode", "give", "have", "install",
        "make", "mend",
        "name", "pull", "put",
        "raise",
        "report", "restart", "save", "send", "set", "shorten", "take", "try", "use", "wait", "write",
    ]

    /// An enum of errors, as its declaration tells it.
    public struct ErrorType: Sendable {
        /// The enum's name.
        public let name: String
        /// Below `Sources`.
        public let file: String
        /// Whether other targets see it.
        public let isShared: Bool
        /// Whether a description is written for it.
        public let isDescribed: Bool
    }

    /// Every enum of errors in the sources.
    public static func errorTypes() throws -> [ErrorType] {
        var declared: [(name: String, file: String, isShared: Bool, line: String)] = []
        var described: Set<String> = []
        for (file, text) in try sourceFiles() {
            for match in text.matches(
                of:
                    /(?m)^ *((?:public |package |private )*)(?:indirect )?enum (\w+): ([^{\n]*\bError\b[^{\n]*)\{/
            ) {
                let isShared = match.1.contains("public") || match.1.contains("package")
                declared.append((String(match.2), file, isShared, String(match.3)))
            }
            for match in text.matches(of: /extension (\w+): [^{\n]*CustomStringConvertible/) {
                described.insert(String(match.1))
            }
        }
        return declared.map {
            ErrorType(
                name: $0.name,
                file: $0.file,
                isShared: $0.isShared,
                isDescribed: described.contains($0.name) || $0.line.contains("CustomStringConvertible")
            )
        }
    }

    /// Descriptions of errors that say something for cases that they do not name, so that a new case needs no sentence.
    public static func descriptionsWithDefault() throws -> [String] {
        try sourceFiles().filter { file, text in
            file.hasSuffix("+Description.swift") && text.firstMatch(of: /(?m)^ +default:/) != nil
        }.map(\.file)
    }

    /// Tests that walk the cases of that type.
    public static func isWalked(_ type: String) throws -> Bool {
        try files(below: tests).contains { $0.text.contains("type: \"\(type)\"") }
    }

    private static var root: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }
    private static var sources: URL { root.appendingPathComponent("Sources") }
    private static var tests: URL { root.appendingPathComponent("Tests") }

    private static func sourceFiles() throws -> [(file: String, text: String)] { try files(below: sources) }

    private static func files(below folder: URL) throws -> [(file: String, text: String)] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
            .sorted().map {
                ($0, try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8))
            }
    }

    /// The names of the cases between an enum's beginning and the line that ends it.
    private static func cases(of type: String, in text: String) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(where: { $0.contains("enum \(type):") }) else { return [] }
        let indent = lines[start].prefix { $0 == " " }
        let body = lines[(start + 1)...].prefix { $0 != "\(indent)}" }
        return body.compactMap { line in
            line.hasPrefix("\(indent)    case ")
                ? line.firstMatch(of: /case (\w+)/).map { String($0.1) } : nil
        }
    }
}
