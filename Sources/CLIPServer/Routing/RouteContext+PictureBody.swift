extension RouteContext {
    /// The picture that a body is by itself, if its type says so; nil for a body of another kind.
    ///
    /// - Throws: 401 where a key is wanted that the head lacks, and 400 for a picture that is called something else.
    func pictureBody(_ input: RouteInput) throws(APIError) -> [UInt8]? {
        let type = MediaType(input.contentType)
        if let type, type.isPicture, !input.body.isEmpty {
            // A key that the head lacks could stand nowhere else.
            guard input.keys == nil else { throw .unauthorized }
            return input.body
        }
        // curl's --data-binary says that it is a form, unless it is told what it sends.
        if type?.name != "multipart/form-data", !BodyFields.isJSON(contentType: input.contentType),
            let picture = PictureSignature.mediaType(of: input.body)
        {
            guard input.keys == nil else { throw .unauthorized }
            throw .invalidField(
                FieldFault(
                    nil,
                    "The body is a picture by itself, and its Content-Type does not say so. Send Content-Type: \(picture)."
                )
            )
        }
        return nil
    }

    /// What stands between the parts of a body that is a form; nil for a body of another kind.
    ///
    /// - Throws: 400 for a form without it, and 401 where a key is wanted that the head lacks.
    func formBoundary(_ input: RouteInput) throws(APIError) -> String? {
        guard let type = MediaType(input.contentType), type.name == "multipart/form-data" else { return nil }
        guard let boundary = type.boundary else {
            guard input.keys == nil else { throw .unauthorized }
            throw .invalidField(
                FieldFault(
                    nil,
                    "The Content-Type names a form and no boundary between its parts. Leave that field to the program that makes the form."
                )
            )
        }
        return boundary
    }
}
