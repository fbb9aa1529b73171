/// How a request's body is packed.
enum BodyEncoding: Equatable, Sendable {
    /// As it is.
    case identity

    /// What a Content-Encoding field says.
    init(_ values: [String]) throws(APIError) {
        let names = values.flatMap { $0.lowercased().split(separator: ",") }
            .map { $0.filter { $0 != " " && $0 != "\t" } }
            .filter { !$0.isEmpty && $0 != "identity" }
        guard names.isEmpty else { throw .bodyEncodingNotSupported }
        self = .identity
    }
}
