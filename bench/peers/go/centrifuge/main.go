// A broadcaster on the centrifuge library, the engine of Centrifugo: clients show an HS256 token and subscribe to a
// channel; a publication comes from a client, or as POST /publish with a key, and goes to every subscriber.
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"net/http"
	"strings"
	"time"

	"github.com/centrifugal/centrifuge"
)

const largest = 1 << 20

type publication struct {
	Channel string          `json:"channel"`
	Data    json.RawMessage `json:"data"`
}

type claims struct {
	Subject string `json:"sub"`
	Expires int64  `json:"exp"`
}

func main() {
	address := flag.String("address", "", "host:port to listen on")
	secret := flag.String("secret", "", "key of the tokens")
	key := flag.String("key", "", "value of X-API-Key for /publish")
	flag.Parse()
	node := running(*secret)
	http.Handle("/connection/websocket", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}))
	http.Handle("/publish", publisher(node, *key))
	log.Fatal(http.ListenAndServe(*address, nil))
}

func running(secret string) *centrifuge.Node {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		log.Fatal(err)
	}
	node.OnConnecting(func(_ context.Context, event centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		user, err := verified(event.Token, secret)
		if err != nil {
			return centrifuge.ConnectReply{}, centrifuge.DisconnectInvalidToken
		}
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: user}}, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnSubscribe(func(_ centrifuge.SubscribeEvent, done centrifuge.SubscribeCallback) {
			done(centrifuge.SubscribeReply{}, nil)
		})
		client.OnPublish(func(_ centrifuge.PublishEvent, done centrifuge.PublishCallback) {
			done(centrifuge.PublishReply{}, nil)
		})
	})
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	return node
}

func publisher(node *centrifuge.Node, key string) http.HandlerFunc {
	return func(answer http.ResponseWriter, request *http.Request) {
		if !hmac.Equal([]byte(request.Header.Get("X-API-Key")), []byte(key)) {
			http.Error(answer, "wrong key", http.StatusUnauthorized)
			return
		}
		var wanted publication
		body, err := io.ReadAll(io.LimitReader(request.Body, largest))
		if err == nil {
			err = json.Unmarshal(body, &wanted)
		}
		if err == nil {
			_, err = node.Publish(wanted.Channel, wanted.Data)
		}
		if err != nil {
			http.Error(answer, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(answer, "{}")
	}
}

func verified(token, secret string) (string, error) {
	signed, signature, _ := cutLast(token)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	given, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(given, mac.Sum(nil)) {
		return "", errors.New("signature")
	}
	_, middle, _ := strings.Cut(signed, ".")
	text, err := base64.RawURLEncoding.DecodeString(middle)
	var said claims
	if err == nil {
		err = json.Unmarshal(text, &said)
	}
	if err == nil && said.Expires < time.Now().Unix() {
		err = errors.New("expired")
	}
	return said.Subject, err
}

func cutLast(text string) (string, string, bool) {
	at := strings.LastIndexByte(text, '.')
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+1:], true
}
