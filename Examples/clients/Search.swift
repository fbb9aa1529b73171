// Swift, without any package: the picture that fits each sentence best.
//
//     swiftc -O -swift-version 6 -parse-as-library Search.swift -o search
//     CLIP_URL=http://127.0.0.1:9001 ./search ../pictures
import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What the server answers, as far as it is used here.
struct Embeddings: Decodable {
    let embeddings: [[Float]]
}

/// A mistake that the server tells of in a sentence.
struct Refusal: Error, CustomStringConvertible {
    let description: String
}

/// A CLIP server.
struct ClipServer {
    let url: URL

    /// One picture, sent as it is.
    func embedding(ofPictureAt file: URL) async throws -> [Float] {
        let picture = try Data(contentsOf: file)
        let rows = try await post(picture, of: "image/jpeg", to: "clip/embed_image", "normalize=true")
        guard let row = rows.first else { throw Refusal(description: "no embedding came") }
        return row
    }

    /// Texts, each a row.
    func embeddings(of texts: [String]) async throws -> [[Float]] {
        struct Body: Encodable {
            let text: [String]
            let normalize = true
        }
        let body = try JSONEncoder().encode(Body(text: texts))
        return try await post(body, of: "application/json", to: "clip/embed_text")
    }

    private func post(
        _ body: Data,
        of type: String,
        to path: String,
        _ query: String? = nil
    ) async throws -> [[Float]] {
        var parts = URLComponents(
            url: url.appendingPathComponent(path),
            resolvingAgainstBaseURL: false
        )
        parts?.query = query
        guard let address = parts?.url else { throw Refusal(description: "\(url) is no URL") }
        var request = URLRequest(url: address)
        request.httpMethod = "POST"
        request.httpBody = body
        request.setValue(type, forHTTPHeaderField: "Content-Type")
        let (data, answer) = try await URLSession.shared.data(for: request)
        guard (answer as? HTTPURLResponse)?.statusCode == 200 else {
            throw Refusal(description: String(decoding: data, as: UTF8.self))
        }
        return try JSONDecoder().decode(Embeddings.self, from: data).embeddings
    }
}

@main
struct Search {
    static func main() async throws {
        let address = ProcessInfo.processInfo.environment["CLIP_URL"] ?? "http://127.0.0.1:9001"
        guard let url = URL(string: address) else { throw Refusal(description: "\(address) is no URL") }
        let server = ClipServer(url: url)
        let folder = URL(fileURLWithPath: CommandLine.arguments.dropFirst().first ?? "../pictures")

        var pictures: [(name: String, embedding: [Float])] = []
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        where file.pathExtension == "jpg" {
            pictures.append((file.lastPathComponent, try await server.embedding(ofPictureAt: file)))
        }
        let sentences = ["a koala", "a truck", "의자"]
        for (sentence, query) in zip(sentences, try await server.embeddings(of: sentences)) {
            // Both have length one, so the sum of the products is the cosine.
            let scores = pictures.map { picture in
                (name: picture.name, cosine: zip(picture.embedding, query).reduce(0) { $0 + $1.0 * $1.1 })
            }
            guard let best = scores.max(by: { $0.cosine < $1.cosine }) else { continue }
            let cosine = Double(best.cosine).formatted(.number.precision(.fractionLength(3)))
            print("\(sentence)\t\(best.name)\t\(cosine)")
        }
    }
}
