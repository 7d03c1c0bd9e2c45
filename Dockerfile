FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY third_party third_party
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /xinyi ./server

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /xinyi /xinyi
EXPOSE 8080
ENTRYPOINT ["/xinyi"]
CMD ["serve"]
