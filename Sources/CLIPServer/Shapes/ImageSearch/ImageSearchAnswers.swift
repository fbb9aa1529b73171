package import CLIPIndex

/// The bodies of successful answers of `/search`.
package enum ImageSearchAnswers {
    /// `{"results": [{"id", "path", "score"}, ...], "searched", "time"}`; a picture of which there are copies has their number.
    ///
    /// - Parameter isUnwanted: whether to stop in the middle, since nobody waits for it any more.
    package static func results(
        _ matches: [ImageIndex.Match],
        searched: Int,
        seconds: Double,
        unless isUnwanted: () -> Bool = { false }
    ) -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("results") { writer in
                writer.array { writer in
                    for match in matches where !isUnwanted() {
                        // Its last file may have gone since it was compared.
                        guard let path = match.paths.first else { continue }
                        writer.object { writer in
                            writer.member("id") { $0.integer(match.id) }
                            writer.member("path", path)
                            writer.member("score") { $0.number(match.score) }
                            if match.fileCount > 1 {
                                writer.member("copies") { $0.integer(match.fileCount - 1) }
                            }
                        }
                    }
                }
            }
            writer.member("searched") { $0.integer(searched) }
            writer.member("time") { $0.number(seconds) }
        }
    }

    /// An answer with these is no longer: a byte of a path is six characters at most.
    package static func mostBytes(of matches: [ImageIndex.Match]) -> Int {
        matches.reduce(100) { $0 + 100 + 6 * ($1.paths.first?.utf8.count ?? 0) }
    }
}
