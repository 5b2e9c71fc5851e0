package vault

import (
	"context"
	"errors"
	"time"

	"github.com/openbao/openbao/api/v2"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// session is one token.
type session struct {
	// number counts the tokens from 1 on; 0 is none.
	number int
	// expires is when the token ends; the zero time is never, or nobody knows.
	expires   time.Time
	ttl       time.Duration
	renewable bool
}

func (s session) ended(now time.Time) bool {
	return s.number == 0 || !s.expires.IsZero() && !now.Before(s.expires)
}

// open returns a session that has not ended and is not the one with the number
// given, which is known to be of no use.
func (p *Provider) open(ctx context.Context, useless int) (session, error) {
	if s, ok, err := p.current(useless); ok || err != nil {
		return s, err
	}
	if err := p.take(ctx); err != nil {
		return session{}, err
	}
	defer p.give()
	if s, ok, err := p.current(useless); ok || err != nil { // somebody was faster
		return s, err
	}
	return p.logIn(ctx)
}

// take waits for the turn to log in or to renew.
func (p *Provider) take(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *Provider) give() { <-p.turn }

func (p *Provider) current(useless int) (s session, ok bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s = p.session
	if p.closed {
		return s, false, secrets.ErrClosed
	}
	// A token that cannot be had again is used to its end and after it: then the
	// server says what is wrong.
	ended := s.number == 0 || p.login.again && (s.ended(time.Now()) || s.number == useless)
	return s, !ended, nil
}

// logIn gets another token. The turn is the caller's.
func (p *Provider) logIn(ctx context.Context) (session, error) {
	client, err := p.client.CloneWithHeaders() // others go on with the token they have
	if err != nil {
		return session{}, errors.New("copy the client")
	}
	client.ClearToken()
	auth, err := p.login.token(ctx, client)
	if err != nil {
		return session{}, p.explainLogin(ctx, err)
	}
	p.client.SetToken(auth.ClientToken)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return session{}, secrets.ErrClosed
	}
	p.session = sessionOf(auth, p.session.number+1)
	p.keep(ctx)
	return p.session, nil
}

func sessionOf(auth *api.SecretAuth, number int) session {
	s := session{number: number, ttl: time.Duration(auth.LeaseDuration) * time.Second, renewable: auth.Renewable}
	if s.ttl > 0 {
		s.expires = time.Now().Add(s.ttl)
	}
	return s
}

// keep starts the goroutine that renews the token, if there is something to renew
// and none runs. p.mu is held.
func (p *Provider) keep(ctx context.Context) {
	if p.keeps || p.session.expires.IsZero() || !p.session.renewable && !p.login.again {
		return
	}
	// It outlives the call that began it; Close ends it.
	if p.stop != nil {
		p.stop() // of one that has ended
	}
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	p.keeps = true
	p.keeper.Go(func() {
		for p.waitAndRenew(ctx) {
		}
	})
}

// waitAndRenew waits for two thirds of what is left of the token, and renews it.
// It reports whether there is more to do.
func (p *Provider) waitAndRenew(ctx context.Context) bool {
	p.mu.Lock()
	left := time.Until(p.session.expires)
	if p.session.expires.IsZero() || left <= 0 || ctx.Err() != nil {
		// Ended: the next who asks logs in.
		p.keeps = false
		p.mu.Unlock()
		return false
	}
	p.mu.Unlock()
	timer := time.NewTimer(max(leastWait, left*2/3))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return true
	case <-timer.C:
	}
	if p.take(ctx) == nil {
		p.renew(ctx)
		p.give()
	}
	return true
}

// renew makes the token last longer, or gets another one when it cannot. What
// fails is tried again while the token lives. The turn is the caller's.
func (p *Provider) renew(ctx context.Context) {
	p.mu.Lock()
	s := p.session
	p.mu.Unlock()
	if s.renewable {
		answer, err := p.client.Auth().Token().RenewSelfWithContext(ctx, 0)
		if err == nil && answer != nil && answer.Auth != nil {
			next := sessionOf(answer.Auth, s.number)
			shrinks := next.ttl*2 < s.ttl // it comes to the most that it may live
			next.ttl = s.ttl
			p.mu.Lock()
			p.session = next
			p.mu.Unlock()
			if !shrinks {
				return
			}
		}
	}
	if p.login.again && ctx.Err() == nil {
		_, _ = p.logIn(ctx) // the next one to ask sees what is wrong
	}
}

// alive reports whether the token is still one, as far as the server says.
func (p *Provider) alive(ctx context.Context) bool {
	_, err := p.client.Auth().Token().LookupSelfWithContext(ctx)
	var answer *api.ResponseError
	return !errors.As(err, &answer) || answer.StatusCode != statusForbidden
}
