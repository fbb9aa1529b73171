package import CLIPEngine
internal import HTTPTypes

/// The answer to a request, before it becomes HTTP.
package struct Answer: Sendable {
    package private(set) var status = 200
    package var contentType = "application/json"
    package private(set) var body: [UInt8]
    /// The model that answered, or would have.
    package var model: String?
    /// The first part of the model's id, such as `clip`; nil if it has none.
    package var family: String?
    /// An identifier of the body; a client that has this body already does not get it again.
    var tag: String?
    /// Header fields of this answer alone.
    var fields = HTTPFields()
    /// The time and tokens that the answer took.
    package var report: RequestReport?
    /// How long loading the model took if this request caused it, even if the request failed afterwards.
    package var loadTime: Duration?
    /// The reservation that counts a long body until it has been read.
    package var room: ByteReservation?
    /// The error that it tells of.
    package private(set) var error: APIError?
    /// Why it is no success, for the log; every answer with an error status has a cause.
    package private(set) var cause: String?

    package init(_ body: [UInt8]) {
        self.body = body
    }

    /// The answer for an error.
    package init(_ error: APIError, model: String? = nil, family: String? = nil) {
        status = error.status
        body = error.body
        self.error = error
        self.model = model
        self.family = family
        cause = error.cause
    }

    /// A refusal without an error, such as that of a probe.
    package init(_ body: [UInt8], refusedWith status: Int, cause: String) {
        self.body = body
        self.status = status
        self.cause = cause
    }

    /// An answer with a status and no body.
    init(status: Int, cause: String? = nil) {
        body = []
        self.status = status
        self.cause = cause
    }

    /// An answer that sends its client elsewhere, for good.
    ///
    /// - Parameter address: may be relative to the one that was asked for.
    init(movedTo address: String) {
        self.init(status: 308)
        fields[.location] = address
    }

    /// The id of the model, such as `clip/ViT-B-32`.
    package var modelID: String? {
        model.map { model in family.map { "\($0)/\(model)" } ?? model }
    }

    /// This answer, or status 304 if the client has its body already, according to its `If-None-Match` fields.
    func unlessKept(_ fields: [String]) -> Answer {
        guard let tag, status == 200, Self.isKept(tag, by: fields) else { return self }
        var answer = self
        answer.status = 304
        return answer
    }

    /// Whether a client says that it has what a tag stands for.
    static func isKept(_ tag: String, by fields: [String]) -> Bool {
        let ours: Set<String> = ["*", "\"\(tag)\"", "W/\"\(tag)\""]
        let kept = fields.joined(separator: ",").split(separator: ",").map { part -> String in
            part.filter { $0 != " " && $0 != "\t" }
        }
        return kept.contains(where: ours.contains)
    }

    /// This answer, with an error in the form that the API's clients expect.
    func told(in form: ErrorForm) -> Answer {
        guard let error else { return self }
        var answer = self
        answer.status = form.status(error)
        answer.body = form.body(error)
        return answer
    }
}
