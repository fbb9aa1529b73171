internal import CLIPFiles

/// How a shard's files are called: its name with an end each.
enum ShardNames {
    static let failuresEnd = ".failures.jsonl"

    /// All ends that there are.
    private static let ends = OutputFormat.allCases.flatMap(\.fileEnds) + [failuresEnd, ShardRecord.fileEnd]

    /// What a shard's name has more than another's where a file of one is called as a file of the other, with the end of that file's name.
    ///
    /// So `a.keys.jsonl` has the keys of `a`, and may have the embeddings of `a.keys`.
    private static let joints: [(more: String, end: String)] = {
        var joints: [(more: String, end: String)] = []
        for long in ends {
            for short in ends where long.count > short.count && long.hasSuffix(short) {
                joints.append((String(long.dropLast(short.count)), long))
            }
        }
        return joints
    }()

    /// Names of which a shard would have a file in common with this one.
    ///
    /// - Returns: each with the file's name.
    static func neighbours(of name: String) -> [(name: String, file: String)] {
        var found: [(name: String, file: String)] = []
        for (more, end) in joints {
            found.append((name + more, name + end))
            let length = more.utf8.count
            guard name.utf8.count > length, name.utf8.suffix(length).elementsEqual(more.utf8) else {
                continue
            }
            let other = FileName.text(of: FileName.bytes(of: name).dropLast(length))
            found.append((other, other + end))
        }
        return found
    }
}
